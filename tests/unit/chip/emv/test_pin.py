"""VERIFY: tries, enciphered PINs, and a power cut in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.chip.emv.card import (
    ARQC,
    CORE,
    EXPONENT,
    LOCATOR,
    MODULUS,
    PIN_BLOCK,
    SIZE,
    TDES,
    Card,
    card,
    crt,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import tlv
from tests.unit.chip.emv.terminal import objects

WRONG = bytes.fromhex("249999FFFFFFFFFF")


@pytest.fixture
def subject() -> Card:
    made = card(TDES, groupings(data=CORE))
    made.select()
    return made


def enciphered(
    subject: Card,
    block: bytes = PIN_BLOCK,
    *,
    header: bytes = b"\x7f",
    challenge: bytes | None = None,
    modulus: int = MODULUS,
) -> int:
    """VERIFY as a PIN pad makes it (EMV 4.4 Book 2, 7.2)."""
    if challenge is None:
        challenge = subject.ok("0084000000")
    size = (modulus.bit_length() + 7) // 8
    plain = (header + block + challenge).ljust(size, b"\xa5")
    secret = pow(int.from_bytes(plain, "big"), EXPONENT, modulus).to_bytes(size, "big")
    return subject.status(bytes((0x00, 0x20, 0x00, 0x88, size)) + secret)


def test_tries_run_out_and_come_back(subject: Card) -> None:
    assert subject.verify(WRONG) == 0x63C2
    assert subject.verify(PIN_BLOCK) == 0x9000
    assert [subject.verify(WRONG) for _ in range(4)] == [0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert subject.ok("80CA9F1700").hex() == "9f170100"
    again = Card(restarted(subject.applet))
    again.select()
    assert again.verify(PIN_BLOCK) == 0x6983
    assert enciphered(again) == 0x6983


def test_enciphered_tries_are_the_same_tries(subject: Card) -> None:
    assert enciphered(subject, WRONG) == 0x63C2
    assert subject.verify(WRONG) == 0x63C1
    assert enciphered(subject) == 0x9000
    assert subject.ok("80CA9F1700").hex() == "9f170103"


def test_a_challenge_is_good_for_the_next_command_alone(subject: Card) -> None:
    challenge = subject.ok("0084000000")
    assert len(challenge) == 8
    subject.ok("80CA9F1700")
    assert enciphered(subject, challenge=challenge) == 0x6984
    challenge = subject.ok("0084000000")
    assert enciphered(subject, challenge=challenge) == 0x9000
    assert enciphered(subject, challenge=challenge) == 0x6984
    assert enciphered(subject, challenge=bytes(8)) == 0x6984
    assert enciphered(subject, challenge=b"") == 0x6984


def test_blocks_that_cannot_be_recovered_cost_no_try(subject: Card) -> None:
    assert enciphered(subject, header=b"\x6a") == 0x6984
    assert (
        subject.status(bytes.fromhex("00200088") + bytes((SIZE - 1,)) + bytes(SIZE - 1)) == 0x6700
    )
    subject.ok("0084000000")
    beyond = (MODULUS + 2).to_bytes(SIZE, "big")
    assert subject.status(bytes.fromhex("00200088") + bytes((SIZE,)) + beyond) == 0x6984
    assert subject.ok("80CA9F1700").hex() == "9f170103"


def test_a_key_for_pins_alone_goes_before_the_other() -> None:
    p, q = 2**384 - 317, 2**384 - 2147
    certificate = tlv(0x70, tlv(0x9F2D, bytes(138)) + tlv(0x9F2E, b"\3"))
    extra = crt(p, q, EXPONENT, 0x8301) | {0x0303: certificate}
    values = groupings(extra=extra, locator=LOCATOR[:-2] + b"\3\0")
    made = card(TDES, values)
    made.select()
    assert enciphered(made, modulus=p * q) == 0x9000
    assert enciphered(made, modulus=MODULUS) == 0x6984


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("0020000008" + PIN_BLOCK.hex(), 0x6A86),
        ("0020018008" + PIN_BLOCK.hex(), 0x6A86),
        ("0020008A08" + PIN_BLOCK.hex(), 0x6A86),
        ("0020008007" + PIN_BLOCK.hex()[:14], 0x6700),
        ("00200080", 0x6700),
        ("0084010000", 0x6A86),
    ],
)
def test_malformed_commands_cost_no_try(subject: Card, command: str, status: int) -> None:
    assert subject.status(command) == status
    assert subject.ok("80CA9F1700").hex() == "9f170103"


def test_a_pin_comes_before_the_cryptogram(subject: Card) -> None:
    subject.online()
    assert subject.verify(PIN_BLOCK) == 0x6985


def test_a_card_without_a_pin_has_none_to_verify() -> None:
    values = groupings()
    del values[0x8010], values[0x9010]
    made = card(TDES, values)
    made.select()
    assert made.verify(PIN_BLOCK) == 0x6984


def test_a_card_without_a_key_takes_no_enciphered_pin() -> None:
    values = groupings(aip=0x18)
    for each in range(0x8201, 0x8206):
        del values[each]
    made = card(TDES, values)
    made.select()
    assert enciphered(made) == 0x6984


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], "a030000000"),
        ([PIN_BLOCK], "a038000000"),
        ([WRONG], "a02c000000"),
        ([WRONG, PIN_BLOCK], "a038000000"),
        ([WRONG] * 3, "a00e000000"),
    ],
)
def test_the_issuer_is_told(subject: Card, blocks: list[bytes], expected: str) -> None:
    subject.begin()
    for block in blocks:
        subject.verify(block)
    found = objects(subject.generate(ARQC)[0])
    assert found[0x9F10][3:8].hex() == expected


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("block", [PIN_BLOCK, WRONG], ids=["right", "wrong"])
def test_cutting_the_power_at_the_comparison_costs_a_try(
    subject: Card, monkeypatch: pytest.MonkeyPatch, block: bytes
) -> None:
    def cut(_left: bytes, _right: bytes) -> bool:
        raise PowerCutError

    monkeypatch.setattr("cardwright.chip.emv.pin.compare_digest", cut)
    for left in (2, 1, 0):
        with pytest.raises(PowerCutError):
            subject.verify(block)
        subject = Card(restarted(subject.applet))
        subject.select()
        assert subject.ok("80CA9F1700")[-1] == left
    assert subject.verify(block) == 0x6983


@given(st.binary(max_size=255))
def test_enciphered_octets_of_any_kind_get_an_answer(data: bytes) -> None:
    made = card()
    made.select()
    made.ok("0084000000")
    size = bytes((len(data),)) if data else b""
    assert made.status(bytes.fromhex("00200088") + size + data) in (0x6984, 0x6700)
