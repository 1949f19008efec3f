"""Terminal action analysis, and what becomes of a transaction by it."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import pytest

from cardwright.iso import tlv
from cardwright.terminal import Outcome, Transaction, Tsi, Tvr
from tests.unit.terminal.card_kit import OK, FakeCard, base_objects
from tests.unit.terminal.kit import pay, profile, request

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

NONE = "0000000000"
NOT_AUTHENTICATED = "8000000000"  # every card here: no offline data authentication
FORCED = "0000000800"
ARQC, TC, AAC = 0x80, 0x40, 0x00


def card_with(
    default: str = NONE, denial: str = NONE, online: str = NONE, **changes: Any
) -> FakeCard:
    codes = {0x9F0D: default, 0x9F0E: denial, 0x9F0F: online}
    objects = base_objects() | {tag: bytes.fromhex(code) for tag, code in codes.items()}
    return FakeCard(objects=objects, **changes)


def ended(result: Transaction) -> tuple[str, str, str]:
    return result.outcome.value, result.code, result.response_code


def asked(card: FakeCard) -> list[int]:
    return [command.p1 for command in card.commands if command.ins == 0xAE]


def test_nothing_against_it_is_approved_off_line() -> None:
    card = card_with()
    result = pay(card)
    assert ended(result) == ("approved", "OFFLINE", "Y1")
    assert asked(card) == [TC]
    assert result.tsi & Tsi.CARD_RISK_MANAGEMENT
    assert result.first == result.final


@pytest.mark.parametrize("side", ["card", "terminal"])
def test_denial_comes_first(side: str) -> None:
    theirs = NOT_AUTHENTICATED if side == "card" else NONE
    ours = bytes.fromhex(NOT_AUTHENTICATED if side == "terminal" else NONE)
    card = card_with(denial=theirs, online=NOT_AUTHENTICATED)
    result = pay(card, profile(tac_denial=ours))
    assert ended(result) == ("declined", "TERMINAL", "Z1")
    assert asked(card) == [AAC]


def test_online_by_either_code() -> None:
    for theirs, ours in ((FORCED, NONE), (NONE, FORCED)):
        card = card_with(online=theirs)
        pay(card, profile(tac_online=bytes.fromhex(ours)), request(forced_online=True))
        assert asked(card)[0] == ARQC


def test_missing_codes_are_all_ones_but_for_denial() -> None:
    card = card_with()
    for tag in (0x9F0D, 0x9F0E, 0x9F0F):
        del card.objects[tag]
    result = pay(card)
    assert asked(card) == [ARQC, AAC]
    assert ended(result) == ("declined", "UNABLE_ONLINE", "Z3")


def test_an_online_only_terminal_always_asks_and_declines_without_an_answer() -> None:
    card = card_with()
    assert ended(pay(card, profile(type=0x21))) == ("declined", "UNABLE_ONLINE", "Z3")
    assert asked(card) == [ARQC, AAC]


def test_an_offline_only_terminal_decides_by_the_default_code() -> None:
    card = card_with(online=NOT_AUTHENTICATED)
    assert ended(pay(card, profile(type=0x23))) == ("approved", "OFFLINE", "Y1")
    card = card_with(default=NOT_AUTHENTICATED)
    assert ended(pay(card, profile(type=0x23))) == ("declined", "TERMINAL", "Z1")


def test_an_offline_only_terminal_can_not_follow_a_card_on_line() -> None:
    card = card_with(kinds=(ARQC,))
    assert ended(pay(card, profile(type=0x26))) == ("approved", "UNABLE_ONLINE", "Y3")
    assert asked(card) == [TC, TC]


def test_unable_to_go_online_the_default_code_decides() -> None:
    card = card_with(online=NOT_AUTHENTICATED)
    result = pay(card)
    assert ended(result) == ("approved", "UNABLE_ONLINE", "Y3")
    assert result.findings == ("HOST_UNAVAILABLE",)
    assert card.terminal[0x8A] == b"Y3"
    card = card_with(online=NOT_AUTHENTICATED, default=NOT_AUTHENTICATED)
    assert ended(pay(card)) == ("declined", "UNABLE_ONLINE", "Z3")


def test_the_card_may_do_less_than_asked() -> None:
    # AAC for TC, AAC for ARQC.
    assert ended(pay(card_with(kinds=(AAC,)))) == ("declined", "CARD", "Z1")
    card = card_with(online=NOT_AUTHENTICATED, kinds=(AAC,))
    assert ended(pay(card)) == ("declined", "CARD", "Z1")
    assert asked(card) == [ARQC]
    # AAC for TC when the issuer was out of reach.
    card = card_with(online=NOT_AUTHENTICATED, kinds=(ARQC, AAC))
    assert ended(pay(card)) == ("declined", "CARD", "Y3")


@pytest.mark.parametrize(
    ("codes", "kinds"),
    [
        ({"online": NOT_AUTHENTICATED}, (TC,)),  # TC for ARQC
        ({"denial": NOT_AUTHENTICATED}, (TC,)),  # TC for AAC
        ({"denial": NOT_AUTHENTICATED}, (ARQC,)),
        ({}, (0xC0,)),  # no kind at all
        ({"online": NOT_AUTHENTICATED}, (ARQC, ARQC)),  # ARQC at last
    ],
)
def test_the_card_must_not_do_more(codes: dict[str, str], kinds: tuple[int, ...]) -> None:
    result = pay(card_with(**codes, kinds=kinds))
    assert (result.outcome, result.code) == (Outcome.TERMINATED, "CRYPTOGRAM_KIND")


GOOD = ((0x9F27, b"\x40"), (0x9F36, b"\0\1"), (0x9F26, bytes(8)), (0x9F10, bytes(7)))


def answered(answer: bytes) -> Transaction:
    card = card_with()
    card.replies[0xAE] = lambda _: answer
    return pay(card)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"\x69\x85", "CRYPTOGRAM_REFUSED"),
        (OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x78, tlv.encode_all(GOOD)) + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, b"\x9f") + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all(GOOD[1:])) + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all((GOOD[0], GOOD[2]))) + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all(GOOD[:2])) + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all((*GOOD, GOOD[0]))) + OK, "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all((*GOOD[:3], (0x9F10, bytes(33))))) + OK,
         "CRYPTOGRAM_FORMAT"),
        (tlv.encode(0x77, tlv.encode_all((*GOOD[:2], (0x9F4B, bytes(128))))) + OK,
         "CRYPTOGRAM_FORMAT"),  # a signature that nobody asked for
        (tlv.encode(0x80, bytes.fromhex("400001" "0102030405")) + OK, "CRYPTOGRAM_FORMAT"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_ends_it(answer: bytes, code: str) -> None:
    result = answered(answer)
    assert (result.outcome, result.code) == (Outcome.TERMINATED, code)


def test_both_formats_of_an_answer_are_read() -> None:
    second = answered(tlv.encode(0x77, tlv.encode_all(GOOD)) + OK)
    first = answered(tlv.encode(0x80, b"".join(value for _, value in GOOD)) + OK)
    assert first.final is not None
    assert second.final is not None
    assert first.final.objects == second.final.objects
    assert first.atc == 1
    # A card without issuer application data.
    assert answered(tlv.encode(0x80, b"\x40\0\1" + bytes(8)) + OK).code == "OFFLINE"


@pytest.mark.parametrize(
    ("reason", "finding"),
    [(1, "CARD_SERVICE_NOT_ALLOWED"), (2, "CARD_PIN_TRY_LIMIT"),
     (3, "CARD_ISSUER_AUTHENTICATION_FAILED")],
)  # fmt: skip
def test_a_card_may_say_why_it_declines(reason: int, finding: str) -> None:
    result = answered(tlv.encode(0x80, bytes((reason, 0, 1)) + bytes(8)) + OK)
    assert (result.code, result.findings) == ("CARD", (finding,))


def test_lists_that_are_none_end_it() -> None:
    for tag in (0x8C, 0x8D):
        card = card_with(online=NOT_AUTHENTICATED)
        card.objects[tag] = b"\x9f\x37"
        assert pay(card).code == "CDOL_FORMAT"


def test_the_card_may_ask_what_was_performed_so_far() -> None:
    card = card_with()
    card.objects[0x8C] = card.objects[0x8C] + bytes.fromhex("9B02")
    result = pay(card)
    performed = Tsi.CARDHOLDER_VERIFICATION | Tsi.TERMINAL_RISK_MANAGEMENT
    assert card.terminal[0x9B] == performed.encode()
    assert result.tsi == performed | Tsi.CARD_RISK_MANAGEMENT


def test_a_hash_of_transaction_data_is_given_where_it_is_asked() -> None:
    # The terminal's default list names the amount.
    card = card_with()
    card.objects[0x8C] = card.objects[0x8C] + bytes.fromhex("9814")
    result = pay(card)
    assert card.terminal[0x98] == sha1(bytes.fromhex("000000001234")).digest()
    assert card.terminal[0x95] == result.tvr.encode()
    assert result.tvr & Tvr.DEFAULT_TDOL_USED
    card = card_with()
    card.objects |= {0x8C: card.objects[0x8C] + bytes.fromhex("9814"), 0x97: b"\x9a\x03"}
    result = pay(card)
    assert card.terminal[0x98] == sha1(bytes.fromhex("261123")).digest()
    assert not result.tvr & Tvr.DEFAULT_TDOL_USED
