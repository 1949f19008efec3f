"""STORE DATA's rules of order, length and P1 (GP 2.3.1, 11.11; EMV CPS)."""

from __future__ import annotations

import pytest

from cardwright.chip import PROFILES, manufacture
from tests.unit.chip.badge import (
    for_personalization,
    grouping,
    install,
    key_block,
    read,
    store,
)
from tests.unit.chip.host import AES_SET, OK, SERIAL, Host, Scp03Host


def begin(profile: str = "standard") -> Host:
    host = Scp03Host(manufacture(SERIAL, [AES_SET], profile=PROFILES[profile])).open(0x01)
    assert install(host)[-2:] == OK
    assert for_personalization(host)[-2:] == OK
    return host


def test_a_record_longer_than_a_block_comes_in_several() -> None:
    host = begin()
    value = bytes(range(250))
    whole = grouping(0x0C01, value) + grouping(0x0C02, b"second")
    parts = [whole[:100], whole[100:101], whole[101:200], whole[200:]]
    for number, part in enumerate(parts):
        assert store(host, 0x08, number, part) == OK
    assert store(host, 0xE8, 4, key_block(host)) == OK
    assert read(host.chip, 1, 2) == [value + OK, b"second" + OK]


def test_a_header_may_be_cut_too() -> None:
    host = begin()
    for number, part in enumerate((b"\x0c", b"\x01", b"\xff\x00", b"\x03abc")):
        assert store(host, 0x00, number, part) == OK
    assert store(host, 0xE0, 4, key_block(host)) == OK
    assert read(host.chip, 1) == [b"abc" + OK]


@pytest.mark.parametrize("p1", [0x01, 0x02, 0x04, 0x10, 0x18, 0x20, 0x28, 0x40, 0x48])
def test_other_codings_of_p1_are_refused(p1: int) -> None:
    """Table 11-89: responses wanted, RFU bits, TLVs, application dependent encryption."""
    assert store(begin(), p1, 0, grouping(0x0C01, b"x")) == b"\x6a\x86"


def plain(number: int = 0x0C01, value: bytes = b"x") -> bytes:
    return grouping(number, value)


@pytest.mark.parametrize(
    ("blocks", "status"),
    [
        ([(0x08, 1, plain())], "6a86"),
        ([(0x08, 0, plain()), (0x08, 0, plain())], "6a86"),
        ([(0x08, 0, plain()), (0x08, 2, plain())], "6a86"),
        ([(0x08, 0, b"")], "6700"),
        ([(0x08, 0, plain(0x8001, bytes(16)))], "6a80"),
        ([(0x68, 0, plain(0x0C01, bytes(16)))], "6a80"),
        ([(0xE8, 0, plain(0x8001, bytes(16))[:-1])], "6a80"),
        ([(0x68, 0, plain(0x8001, bytes(15)))], "6a80"),
        ([(0x68, 0, plain(0x8001, b""))], "6a80"),
        ([(0x68, 0, plain(0x8001, bytes(16))[:9]), (0x08, 1, bytes(10))], "6a80"),
        ([(0x88, 0, plain())], "6985"),
        ([(0x08, 0, plain(0x7777))], "6a88"),
        ([(0x08, 0, plain(0x0C01, b""))], "6a80"),
        ([(0x08, 0, plain()), (0x08, 1, plain(0x0C02) + plain(0x7777))], "6a88"),
    ],
    ids=[
        "not-from-0", "twice", "gap", "no-data", "bare-key", "encrypted-record", "cut-off",
        "no-whole-blocks", "empty-key", "change-of-kind", "no-key-at-the-end", "unknown",
        "empty-record", "half-good",
    ],
)  # fmt: skip
def test_a_block_that_breaks_a_rule_changes_nothing_and_ends_the_run(
    blocks: list[tuple[int, int, bytes]], status: str
) -> None:
    host = begin()
    for block in blocks[:-1]:
        assert store(host, *block) == OK
    before = host.chip.serialize()
    assert store(host, *blocks[-1]).hex() == status
    assert host.chip.serialize() == before
    assert store(host, 0x08, len(blocks), plain()) == b"\x69\x85"
    assert for_personalization(host)[-2:] == OK


def test_block_numbers_end_at_ff() -> None:
    host = begin("extended")
    for number in range(256):
        assert store(host, 0x08, number, grouping(0x0C01 + number % 250, b"x")) == OK
    assert store(host, 0x08, 0, grouping(0x0C01, b"x")) == b"\x6a\x86"


@pytest.mark.parametrize("level", [0x01, 0x03, 0x11, 0x13, 0x33])
def test_extended_length_goes_from_end_to_end(level: int) -> None:
    chip = manufacture(SERIAL, [AES_SET], profile=PROFILES["extended"])
    host = Scp03Host(chip).open(level)
    assert install(host)[-2:] == OK
    assert for_personalization(host)[-2:] == OK
    values = [bytes((n,)) * 200 for n in range(1, 9)]
    block = b"".join(grouping(0x0C00 + n, value) for n, value in enumerate(values, 1))
    assert store(host, 0x08, 0, block) == OK
    assert store(host, 0xE8, 1, key_block(host)) == OK
    assert read(chip, *range(1, 9)) == [value + OK for value in values]
    with_extended_le = bytes((0, 0xB2, 1, 0x0C << 3 | 4)) + bytes(3)
    assert chip.process(with_extended_le) == values[0] + OK


def test_more_data_than_the_chip_takes_is_a_wrong_length() -> None:
    host = begin("extended")
    assert store(host, 0x08, 0, bytes(2049)) == b"\x67\x00"
    assert host.send(0x80, 0xCA, 0x9F, 0x7F)[-2:] == OK  # the session goes on


def test_a_chip_without_extended_length_refuses_it() -> None:
    host = begin()
    assert store(host, 0x08, 0, grouping(0x0C01, bytes(250)) * 2) == b"\x67\x00"
