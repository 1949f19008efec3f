import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.devices.errors import DeviceError
from cardwright.devices.frames import MAX_BODY, Frame, decode, encode, read_frame

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
HEADERS = st.dictionaries(st.text(), JSON)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=300)), max_size=4))
def test_pipelined_frames_come_back_as_sent(frames: list[tuple[dict[str, Any], bytes]]) -> None:
    stream = b"".join(encode(header, body) for header, body in frames)
    found = []
    while (next_one := decode(stream)) is not None:
        found.append((dict(next_one[0].header), next_one[0].body))
        stream = stream[next_one[1] :]
    assert (found, stream) == (frames, b"")


@given(HEADERS, st.binary(max_size=40), st.data())
def test_a_part_of_a_frame_is_no_frame(header: dict[str, Any], body: bytes, data: Any) -> None:
    whole = encode(header, body)
    assert decode(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_incomplete_and_never_crashes(garbage: bytes) -> None:
    with suppress(DeviceError):
        assert decode(garbage) is None or len(garbage) >= 10


def test_the_layout_is_as_documented() -> None:
    assert encode({"id": 1}, b"AB") == b'\0\0\0\x08{"id":1}\0\0\0\x02AB'


async def _read(data: bytes) -> Frame | None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_frame(reader)


@given(HEADERS, st.binary(max_size=300))
def test_a_stream_reads_what_decode_reads(header: dict[str, Any], body: bytes) -> None:
    frame = asyncio.run(_read(encode(header, body)))
    assert frame == Frame(header, body)


async def test_a_stream_ends_cleanly_between_frames_only() -> None:
    assert await _read(b"") is None
    whole = encode({"id": 1}, b"AB")
    for cut in range(1, len(whole)):
        with pytest.raises(DeviceError, check=lambda fault: fault.code == "FRAME_CUT"):
            await _read(whole[:cut])


async def test_a_monstrous_body_is_refused_before_it_is_read() -> None:
    head = encode({"id": 1})[:-4] + (MAX_BODY + 1).to_bytes(4, "big")
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "FRAME_TOO_LARGE"):
        await _read(head)


def test_a_frame_does_not_print_its_body() -> None:
    assert "secret" not in repr(Frame({"command": "APDU"}, b"secret"))
