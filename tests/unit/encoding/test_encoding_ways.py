from __future__ import annotations

import pytest

from services.encoding.adapters.ways import PcscWay, ReaderSettingError, VpcdWay, parse_readers


def test_heads_are_wired_to_readers_by_a_list() -> None:
    text = (
        "encoder-1/0=pcsc:ACS ACR39U ICC Reader 00 00, encoder-1/1=pcsc:Gemalto*,desk/0=vpcd:35970"
    )
    assert parse_readers(text) == {
        "encoder-1": {0: PcscWay("ACS ACR39U ICC Reader 00 00"), 1: PcscWay("Gemalto*")},
        "desk": {0: VpcdWay(35970)},
    }
    assert parse_readers(" ") == {}


def test_a_pattern_fits_a_readers_name() -> None:
    assert PcscWay("Gemalto*").fits("Gemalto PC Twin Reader 00 00")
    assert not PcscWay("Gemalto*").fits("ACS ACR39U")


@pytest.mark.parametrize(
    "text",
    [
        "encoder-1=pcsc:X",
        "encoder-1/0=usb:X",
        "encoder-1/0=pcsc:",
        "encoder-1/0=vpcd:x",
        "encoder-1/0=vpcd:0",
        "encoder-1/0=vpcd:65536",
        "encoder-1/0=pcsc:A,encoder-1/0=pcsc:B",
    ],
)
def test_what_is_no_reader_is_refused(text: str) -> None:
    with pytest.raises(ReaderSettingError):
        parse_readers(text)
