from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.driver.errors import DeviceLostError
from cardwright.driver.frames import MAX_BODY, encode, read_frame

HEADERS = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=4)


def read(octets: bytes) -> tuple[dict[str, object], bytes]:
    async def feed() -> tuple[dict[str, object], bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        reader.feed_eof()
        return await read_frame(reader)

    return asyncio.run(feed())


def test_the_example_of_the_document() -> None:
    assert encode({"id": 1}, b"AB").hex() == "000000087b226964223a317d000000024142"


@given(HEADERS, st.binary(max_size=64))
def test_what_was_encoded_is_read(header: dict[str, object], body: bytes) -> None:
    assert read(encode(header, body)) == (header, body)


@given(HEADERS, st.binary(max_size=64), st.data())
def test_a_frame_cut_anywhere_is_lost(
    header: dict[str, object], body: bytes, data: st.DataObject
) -> None:
    whole = encode(header, body)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DeviceLostError, match="DEVICE_LOST"):
        read(whole[:cut])


@given(st.binary(max_size=64))
def test_any_octets_are_a_frame_or_a_loss(octets: bytes) -> None:
    with contextlib.suppress(DeviceLostError):
        header, body = read(octets)
        assert isinstance(header, dict)
        assert body in octets


def test_too_large_a_part_is_refused_unread() -> None:
    with pytest.raises(DeviceLostError, match="DEVICE_OUT_OF_STEP"):
        read(b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match="exceeds"):
        encode({}, bytes(MAX_BODY + 1))
