"""Cases 1 to 4 in short and extended form: ISO/IEC 7816-3, 12.1.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip.apdu import Command, Refusal, parse_command

HEAD = bytes((0x80, 0xE2, 0x01, 0x02))


def expected(data: bytes = b"", le: int | None = None, *, extended: bool = False) -> Command:
    return Command(0x80, 0xE2, 0x01, 0x02, data, le, extended)


@pytest.mark.parametrize(
    ("body", "data", "le"),
    [
        ("", "", None),
        ("00", "", 256),
        ("07", "", 7),
        ("02AABB", "AABB", None),
        ("02AABB00", "AABB", 256),
        ("02AABB09", "AABB", 9),
    ],
    ids=["1", "2-all", "2", "3", "4-all", "4"],
)
def test_short_commands(body: str, data: str, le: int | None) -> None:
    for extended in (False, True):
        parsed = parse_command(HEAD + bytes.fromhex(body), extended=extended)
        assert parsed == expected(bytes.fromhex(data), le)


@pytest.mark.parametrize(
    ("body", "data", "le"),
    [
        ("000000", "", 65536),
        ("000107", "", 263),
        ("000002AABB", "AABB", None),
        ("000002AABB0000", "AABB", 65536),
        ("000002AABB0100", "AABB", 256),
    ],
    ids=["2-all", "2", "3", "4-all", "4"],
)
def test_extended_commands(body: str, data: str, le: int | None) -> None:
    raw = HEAD + bytes.fromhex(body)
    assert parse_command(raw, extended=True) == expected(bytes.fromhex(data), le, extended=True)
    with pytest.raises(Refusal, match="6700"):
        parse_command(raw)


@pytest.mark.parametrize(
    "raw",
    ["", "80E201", "80E2010202AA", "80E2010202AABBCCDD", "80E201020000", "80E20102000000AA",
     "80E20102000002AA", "80E20102000002AABB00", "80E20102000002AABB000000"],
)  # fmt: skip
def test_what_is_no_command(raw: str) -> None:
    for extended in (False, True):
        with pytest.raises(Refusal, match="6700"):
            parse_command(bytes.fromhex(raw), extended=extended)


def test_the_header_is_written_as_it_came() -> None:
    assert expected().header(5) == HEAD + b"\x05"
    assert expected(extended=True).header(5) == HEAD + b"\0\0\x05"
    assert expected(extended=True).header(300) == HEAD + b"\0\x01\x2c"


@given(st.binary(max_size=600), st.booleans())
def test_any_octets_are_read_or_refused(raw: bytes, extended: bool) -> None:
    try:
        parsed = parse_command(raw, extended=extended)
    except Refusal as refusal:
        assert refusal.status == 0x6700  # noqa: PT017 - both outcomes are right
        return
    assert raw[4:].count(parsed.data)
    assert parsed.le is None or 1 <= parsed.le <= (65536 if parsed.extended else 256)
