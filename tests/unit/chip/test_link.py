from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip import PROFILES, Chip, Profile, manufacture
from cardwright.chip.apdu import Command, parse_command
from cardwright.chip.link import Link
from tests.unit.chip.host import (
    AES_SET,
    OK,
    SERIAL,
    TDES_SET,
    Scp02Host,
    Scp03Host,
    command,
    fetch,
)

GET_RESPONSE = b"\0\xc0\0\0"


def t0_chip() -> Chip:
    return manufacture(SERIAL, [AES_SET, TDES_SET], profile=PROFILES["t0"])


def exchange(link: Link, raw: bytes, answer: bytes | None = None) -> bytes:
    """The card's answer to a command; without ``answer`` it must not be run."""

    def execute(_: Command) -> bytes:
        assert answer is not None
        return answer

    return link.exchange(parse_command(raw, extended=True), execute)


def test_t0_holds_the_answer_to_a_command_with_data_for_get_response() -> None:
    link = Link(t0=True)
    for raw in (b"\x80\xe6\0\0\1A", b"\x80\xe6\0\0\1A\0"):
        assert exchange(link, raw, b"abcde" + OK) == b"\x61\x05"
        assert exchange(link, GET_RESPONSE + b"\x02") == b"ab\x61\x03"
        assert exchange(link, GET_RESPONSE + b"\x09") == b"\x6c\x03"
        assert exchange(link, GET_RESPONSE + b"\x00") == b"\x6c\x03"
        assert exchange(link, GET_RESPONSE + b"\x03") == b"cde" + OK
        assert exchange(link, GET_RESPONSE + b"\x03", b"\x6d\0") == b"\x6d\0"


def test_t0_wants_the_right_le_of_a_command_without_data() -> None:
    link = Link(t0=True)
    assert exchange(link, b"\0\xb2\1\x0c\0", b"abcde" + OK) == b"\x6c\x05"
    assert exchange(link, b"\0\xb2\1\x0c\5") == b"abcde" + OK
    assert exchange(link, b"\0\xb2\1\x0c\5", b"abcde" + OK) == b"abcde" + OK
    assert exchange(link, b"\0\xb2\1\x0c\3", b"abcde" + OK) == b"\x6c\x05"
    assert exchange(link, b"\0\xb2\2\x0c\5", b"other" + OK) == b"other" + OK
    assert exchange(link, b"\0\xb2\1\x0c\3", b"abcde" + OK) == b"\x6c\x05"
    assert exchange(link, GET_RESPONSE + b"\5", b"\x6d\0") == b"\x6d\0"


def test_a_new_command_drops_what_was_held() -> None:
    link = Link(t0=True)
    assert exchange(link, b"\x80\xe6\0\0\1A", b"secret" + OK) == b"\x61\x06"
    assert exchange(link, b"\0\xa4\4\0", OK) == OK
    assert exchange(link, GET_RESPONSE + b"\x06", b"\x6d\0") == b"\x6d\0"


def test_get_response_has_no_data() -> None:
    link = Link(t0=True)
    assert exchange(link, b"\x80\xe6\0\0\1A", b"secret" + OK) == b"\x61\x06"
    assert exchange(link, GET_RESPONSE + b"\1A", b"\x6d\0") == b"\x6d\0"


def test_status_words_without_data_go_through() -> None:
    for t0 in (True, False):
        for status in (b"\x90\0", b"\x6a\x82", b"\x63\xc2"):
            assert exchange(Link(t0=t0), b"\0\x20\0\x80\1A", status) == status


def test_a_warning_comes_with_the_last_part() -> None:
    link = Link(t0=True)
    assert exchange(link, b"\x80\xf2\x40\2\2\x4f\0", b"abc\x63\x10") == b"\x61\x03"
    assert exchange(link, GET_RESPONSE + b"\x03") == b"abc\x63\x10"


@pytest.mark.parametrize("size", [257, 300, 512, 513, 700])
def test_t1_gives_long_answers_in_parts(size: int) -> None:
    link, data = Link(t0=False), bytes(at % 251 for at in range(size))
    answer = exchange(link, b"\x80\xf2\x40\2\2\x4f\0\0", data + OK)
    whole = answer[:-2]
    while answer[-2] == 0x61:
        left = size - len(whole)
        assert answer[-1] == (left if left < 256 else 0)
        answer = exchange(link, GET_RESPONSE + answer[-1:])
        whole += answer[:-2]
    assert whole == data
    assert answer[-2:] == OK


def test_t1_and_extended_length_give_whole_answers() -> None:
    link = Link(t0=False)
    assert exchange(link, b"\0\xb2\1\x0c\3", bytes(256) + OK) == bytes(256) + OK
    assert exchange(link, b"\0\xb2\1\x0c\0\0\0", bytes(700) + OK) == bytes(700) + OK


@given(st.binary(max_size=600), st.booleans(), st.binary(max_size=3))
def test_fetching_gives_the_whole_answer_over_any_protocol(
    data: bytes, t0: bool, sent: bytes
) -> None:
    link = Link(t0=t0)
    raw = command(0x80, 0xF2, 0, 0, sent, b"\0")
    answer = exchange(link, raw, data + OK)
    whole = b""
    while answer[-2] in (0x61, 0x6C):
        again = raw[:4] if answer[-2] == 0x6C and not sent else GET_RESPONSE
        whole += answer[:-2]
        answer = exchange(link, again + answer[-1:])
    assert whole + answer[:-2] == data
    assert answer[-2:] == OK


@pytest.mark.parametrize("level", [0x01, 0x03, 0x11, 0x13, 0x33])
def test_secure_messaging_knows_nothing_of_the_parts(level: int) -> None:
    chip = t0_chip()
    hosts = [Scp03Host(chip).open(level)]
    for host in hosts:
        for _ in range(2):
            assert host.send(0x80, 0xF2, 0x80, 0x02, b"\x4f\0")[-2:] == OK
            assert host.send(0x80, 0xCA, 0x9F, 0x7F)[:3] == b"\x9f\x7f\x2a"


def test_a_t0_chip_opens_scp02_sessions() -> None:
    host = Scp02Host(t0_chip(), 0x20).open(0x03)
    assert host.send(0x80, 0xF2, 0x80, 0x02, b"\x4f\0")[-2:] == OK


def test_a_t0_chip_as_the_host_meets_it() -> None:
    chip = t0_chip()
    assert chip.process(bytes.fromhex("00A4040008A000000151000000")) == b"\x61\x12"
    assert chip.process(bytes.fromhex("00C0000012"))[-2:] == OK
    assert chip.process(bytes.fromhex("80CA9F7F00")) == b"\x6c\x2d"
    assert len(chip.process(bytes.fromhex("80CA9F7F2D"))) == 0x2D + 2
    assert chip.process(bytes.fromhex("00C0000012")) == b"\x6d\x00"


def test_a_reset_forgets_what_is_held() -> None:
    chip = t0_chip()
    assert chip.process(bytes.fromhex("00A4040008A000000151000000")) == b"\x61\x12"
    chip.power_on()
    assert chip.process(bytes.fromhex("00C0000012")) == b"\x6d\x00"


def test_a_chip_of_two_interfaces_speaks_t0_over_its_contacts_alone() -> None:
    profile = Profile("dual-t0", t0=True)
    chip = manufacture(SERIAL, [AES_SET], profile=profile)
    select = bytes.fromhex("00A4040008A000000151000000")
    assert chip.process(select) == b"\x61\x12"
    chip.power_on(contactless=True)
    assert chip.process(select)[-2:] == OK
    assert fetch(chip, select)[-2:] == OK
