"""PSE and PPSE: how a terminal finds the applications."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip.apdu import Command, Refusal
from cardwright.chip.applet import ApplicationState
from cardwright.chip.directory_applet import PPSE, PSE, DirectoryApplet
from tests.unit.chip.emv.issuer import tlv

AID = bytes.fromhex("A0000000031010")
ENTRY = tlv(0x61, tlv(0x4F, AID) + tlv(0x50, b"CARDWRIGHT") + tlv(0x87, b"\1"))
OTHER = tlv(0x61, tlv(0x4F, AID + b"\2"))
PSE_FCI = tlv(0xA5, tlv(0x88, b"\1") + tlv(0x5F2D, b"en"))
PPSE_FCI = tlv(0xA5, tlv(0xBF0C, ENTRY + OTHER + tlv(0x9F0A, b"\0\1\5\1")))


def directory(name: bytes, groupings: dict[int, bytes]) -> DirectoryApplet:
    applet = DirectoryApplet(name)
    for grouping, value in groupings.items():
        applet.store(grouping, value, encrypted=False)
    applet.close_personalization()
    return applet


def read(applet: DirectoryApplet, number: int, sfi: int = 1) -> bytes:
    return applet.process(Command(0x00, 0xB2, number, sfi << 3 | 4, le=256))


def test_a_terminal_reads_the_pse_record_by_record() -> None:
    """EMV 4.4 Book 1, 12.3.2: until 6A83 says that there are no more."""
    records = {0x0101: tlv(0x70, ENTRY + OTHER), 0x0102: tlv(0x70, ENTRY)}
    applet = directory(PSE, {**records, 0x9102: PSE_FCI})
    assert applet.select() == tlv(0x6F, tlv(0x84, PSE) + PSE_FCI)
    assert [read(applet, number) for number in (1, 2)] == list(records.values())
    with pytest.raises(Refusal, match="6A83"):
        read(applet, 3)
    with pytest.raises(Refusal, match="6A82"):
        read(applet, 1, sfi=2)
    with pytest.raises(Refusal, match="6D00"):
        applet.process(Command(0x80, 0xA8, 0, 0, b"\x83\0"))


def test_a_ppse_tells_all_when_it_is_selected() -> None:
    applet = directory(PPSE, {0x9102: PPSE_FCI})
    assert applet.state is ApplicationState.PERSONALIZED
    assert applet.select() == tlv(0x6F, tlv(0x84, PPSE) + PPSE_FCI)


@pytest.mark.parametrize(
    ("name", "groupings"),
    [
        (PSE, {0x0101: tlv(0x70, ENTRY)}),
        (PSE, {0x9102: PSE_FCI}),
        (PSE, {0x9102: tlv(0xA5, tlv(0x5F2D, b"en")), 0x0101: tlv(0x70, ENTRY)}),
        (PSE, {0x9102: tlv(0xA5, tlv(0x88, b"\2")), 0x0101: tlv(0x70, ENTRY)}),
        (PSE, {0x9102: PSE_FCI, 0x0101: tlv(0x70, ENTRY), 0x0201: tlv(0x70, ENTRY)}),
        (PSE, {0x9102: PSE_FCI, 0x0101: tlv(0x70, b"")}),
        (PSE, {0x9102: PSE_FCI, 0x0101: tlv(0x70, ENTRY + tlv(0x50, b"no entry"))}),
        (PSE, {0x9102: PSE_FCI, 0x0101: tlv(0x70, tlv(0x61, tlv(0x50, b"no name")))}),
        (PSE, {0x9102: PSE_FCI, 0x0101: tlv(0x70, tlv(0x61, tlv(0x4F, bytes(4))))}),
        (PPSE, {}),
        (PPSE, {0x9102: PSE_FCI}),
        (PPSE, {0x9102: tlv(0xA5, tlv(0xBF0C, b""))}),
        (PPSE, {0x9102: tlv(0xA5, tlv(0xBF0C, tlv(0x61, tlv(0x4F, bytes(17)))))}),
    ],
)
def test_a_directory_that_leads_nowhere_is_not_closed(
    name: bytes, groupings: dict[int, bytes]
) -> None:
    with pytest.raises(Refusal, match="6985"):
        directory(name, groupings)


@pytest.mark.parametrize("grouping", [0x9104, 0x8000, 0x3001, 0x9103])
def test_a_directory_has_no_other_groupings(grouping: int) -> None:
    with pytest.raises(Refusal, match="6A88"):
        DirectoryApplet(PSE).store(grouping, b"\0", encrypted=False)


@given(
    st.sampled_from([PSE, PPSE]), st.dictionaries(st.sampled_from([0x0101, 0x9102]), st.binary())
)
def test_any_octets_are_refused(name: bytes, groupings: dict[int, bytes]) -> None:
    with pytest.raises(Refusal, match=r"6A80|6985"):
        directory(name, groupings)
