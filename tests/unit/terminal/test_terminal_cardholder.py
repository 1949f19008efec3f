"""Cardholder verification: the list's rules, and a PIN that the card verifies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardwright.iso.apdu import CommandApdu
from cardwright.secret import SecretText
from cardwright.terminal import Capability, Transaction, TransactionType, Tsi, Tvr
from cardwright.terminal.cvm import CvmRule, holds, parse_cvm_list
from tests.unit.terminal.card_kit import FakeCard, base_objects, dda_card
from tests.unit.terminal.kit import EVERYTHING, PROFILE, pay, profile, request
from tests.unit.terminal.rsa_kit import Chain

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

BITS = (
    Tvr.CARDHOLDER_NOT_VERIFIED | Tvr.UNRECOGNISED_CVM | Tvr.PIN_TRY_LIMIT_EXCEEDED
    | Tvr.PIN_PAD_MISSING | Tvr.PIN_NOT_ENTERED | Tvr.ONLINE_PIN_ENTERED | Tvr.ICC_DATA_MISSING
)  # fmt: skip
NOBODY = Tvr.CARDHOLDER_NOT_VERIFIED


def card_with(rules: str, **changes: Any) -> FakeCard:
    cvm_list = bytes.fromhex("000003E800001388" + rules)
    return FakeCard(objects=base_objects() | {0x8E: cvm_list}, **changes)


def verified(
    rules: str, *pins: str, capabilities: Capability = EVERYTHING, **changes: Any
) -> tuple[str, Tvr]:
    """CVM results and the TVR's bits."""
    result = pay(card_with(rules), profile(capabilities=capabilities), request(*pins, **changes))
    assert result.tsi & Tsi.CARDHOLDER_VERIFICATION
    return result.cvm.encode().hex(), result.tvr & BITS


def test_a_card_that_wants_none_has_none() -> None:
    result = pay(card_with("0103", aip=b"\x08\0"))
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("3f0000", Tvr(0))
    assert not result.tsi & Tsi.CARDHOLDER_VERIFICATION


@pytest.mark.parametrize("value", ["", "0000000000000000"])
def test_a_missing_list_is_missing_data(value: str) -> None:
    result = pay(FakeCard(objects=base_objects() | {0x8E: bytes.fromhex(value)}))
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("3f0000", Tvr.ICC_DATA_MISSING)
    assert not result.tsi & Tsi.CARDHOLDER_VERIFICATION
    assert "CVM_LIST_MISSING" in result.findings


def test_methods_that_always_succeed() -> None:
    assert verified("1F00") == ("1f0002", Tvr(0))
    assert verified("1E03") == ("1e0300", Tvr(0))
    assert verified("5E03") == ("5e0300", Tvr(0))


def test_a_list_may_say_that_nobody_is_good() -> None:
    assert verified("00001F00") == ("000001", NOBODY)
    assert verified("40001F00") == ("1f0002", Tvr(0))


def test_a_list_may_end_without_a_method() -> None:
    # No condition holds: neither cash nor cashback.
    assert verified("1F041F05") == ("3f0001", NOBODY)
    # A condition that nobody knows holds never.
    assert verified("1F0A") == ("3f0001", NOBODY)


def test_an_unknown_method_is_noted() -> None:
    assert verified("08001F00") == ("3f0001", NOBODY | Tvr.UNRECOGNISED_CVM)
    assert verified("48001F00") == ("1f0002", Tvr.UNRECOGNISED_CVM)
    assert verified("48031F00") == ("1f0002", Tvr(0))


NO_PIN = Capability.SIGNATURE | Capability.NO_CVM


@pytest.mark.parametrize("method", ["41", "42", "43", "44", "45"])
def test_a_terminal_without_a_pin_pad_says_so_unless_the_rule_asks(method: str) -> None:
    found = verified(method + "001F00", "1234", capabilities=NO_PIN)
    assert found == ("1f0002", Tvr.PIN_PAD_MISSING)
    found = verified(method + "031F00", "1234", capabilities=NO_PIN)
    assert found == ("1f0002", Tvr(0))


def test_a_terminal_without_paper_takes_no_signature() -> None:
    assert verified("5E001F00", capabilities=Capability.NO_CVM) == ("1f0002", Tvr(0))


def test_an_online_pin_is_for_the_issuer() -> None:
    assert verified("0200", "1234") == ("020000", Tvr.ONLINE_PIN_ENTERED)
    assert verified("0200") == ("020001", NOBODY | Tvr.PIN_NOT_ENTERED)
    assert verified("42031F00") == ("1f0002", Tvr.PIN_NOT_ENTERED)


def condition(number: int, amount: int = 1000, kind: int = 0, attended: bool = True) -> bool:
    terminal = profile(type=0x22 if attended else 0x25)
    amounts = parse_cvm_list(bytes.fromhex("000003E800001388"))
    wanted = request(amount=amount, type=kind)
    return holds(CvmRule(0x1F, number), amounts, terminal, wanted, bytes.fromhex("0978"))


def test_conditions_of_the_kind_of_transaction() -> None:
    goods, cash, cashback = TransactionType
    holding = {
        (kind, attended): [n for n in range(6) if condition(n, kind=kind, attended=attended)]
        for kind in (goods, cash, cashback)
        for attended in (True, False)
    }
    assert holding == {
        (goods, True): [0, 2, 3], (goods, False): [0, 2, 3],
        (cash, True): [0, 3, 4], (cash, False): [0, 1, 3],
        (cashback, True): [0, 3, 5], (cashback, False): [0, 3, 5],
    }  # fmt: skip


def test_conditions_of_the_amount() -> None:
    # X is 1000 and Y is 5000.
    assert [[n for n in range(6, 10) if condition(n, amount)] for amount in (999, 1000, 1001)] == [
        [6, 8], [8], [7, 8],
    ]  # fmt: skip
    assert [n for n in range(6, 10) if condition(n, 5001)] == [7, 9]


def test_amounts_of_another_currency_meet_no_condition() -> None:
    amounts = parse_cvm_list(bytes(8))
    for currency in (None, bytes.fromhex("0840")):
        assert not holds(CvmRule(0x1F, 7), amounts, PROFILE, request(), currency)


def sent(card: FakeCard, ins: int) -> list[CommandApdu]:
    return [command for command in card.commands if command.ins == ins]


def pin_transaction(card: FakeCard, *pins: str) -> Transaction:
    return pay(card, wanted=request(*pins))


def test_a_plaintext_pin() -> None:
    card = card_with("0100")
    result = pin_transaction(card, "1234")
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("010002", Tvr(0))
    [verify] = sent(card, 0x20)
    assert verify.encode().hex() == "0020008008241234ffffffffff"


def test_a_plaintext_pin_and_a_signature() -> None:
    result = pin_transaction(card_with("0300"), "1234")
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("030000", Tvr(0))


def test_a_wrong_pin_may_be_corrected() -> None:
    card = card_with("0100")
    result = pin_transaction(card, "9999", "1234")
    assert result.cvm.encode().hex() == "010002"
    assert result.findings.count("PIN_WRONG") == 1
    assert card.tries == 3


def test_a_wrong_pin_that_is_not_corrected_is_bypassed() -> None:
    result = pin_transaction(card_with("0100"), "9999")
    assert result.cvm.encode().hex() == "010001"
    assert result.tvr & BITS == NOBODY | Tvr.PIN_NOT_ENTERED


def test_a_wrong_pin_blocks_in_the_end() -> None:
    card = card_with("41001F00")
    result = pin_transaction(card, "9999", "9998", "9997", "1234")
    assert card.tries == 0
    assert len(sent(card, 0x20)) == 3
    # The next rule is no CVM, which succeeds; the limit stays in the TVR.
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("1f0002", Tvr.PIN_TRY_LIMIT_EXCEEDED)
    assert result.findings[:3] == ("PIN_WRONG", "PIN_WRONG", "PIN_BLOCKED")


def test_a_blocked_pin_is_not_even_tried() -> None:
    card = card_with("0100", tries=0)
    result = pin_transaction(card, "1234")
    assert sent(card, 0x20) == []
    assert result.tvr & BITS == NOBODY | Tvr.PIN_TRY_LIMIT_EXCEEDED


@pytest.mark.parametrize("sw", [b"\x69\x83", b"\x69\x84"])
def test_a_pin_that_the_card_says_is_blocked(sw: bytes) -> None:
    card = card_with("0100")
    card.replies |= {0xCA: lambda _: b"\x6a\x88", 0x20: lambda _: sw}
    result = pin_transaction(card, "1234")
    assert result.tvr & BITS == NOBODY | Tvr.PIN_TRY_LIMIT_EXCEEDED


def test_a_card_that_refuses_verify_verifies_nobody() -> None:
    card = card_with("0100")
    card.replies[0x20] = lambda _: b"\x6a\x86"
    result = pin_transaction(card, "1234")
    assert result.tvr & BITS == NOBODY
    assert "PIN_REFUSED" in result.findings


def enciphered(chain: Chain, *, own_key: bool) -> FakeCard:
    objects = base_objects() | {0x8E: bytes.fromhex("00000000000000000400")}
    card = dda_card(chain, b"\x38\0", objects=objects)
    if own_key:
        card.extra.append(chain.pin_objects())
    return card


@pytest.mark.parametrize("own_key", [True, False])
def test_an_enciphered_pin(chain: Chain, own_key: bool) -> None:
    card = enciphered(chain, own_key=own_key)
    result = pay(card, profile(chain), request("9999", "1234"))
    assert (result.cvm.encode().hex(), result.tvr & BITS) == ("040002", Tvr(0))
    first, second = sent(card, 0x20)
    assert (first.p2, len(first.data)) == (0x88, 144 if own_key else 128)
    assert len(sent(card, 0x84)) == 2
    assert first.data != second.data


def test_an_enciphered_pin_needs_no_other_authentication(chain: Chain) -> None:
    card = enciphered(chain, own_key=False)
    capable = replace(profile(chain), capabilities=Capability.ENCIPHERED_PIN)
    result = pay(card, capable, request("1234"))
    assert result.cvm.encode().hex() == "040002"
    assert result.tvr & Tvr.ODA_NOT_PERFORMED


def test_an_enciphered_pin_needs_a_key(chain: Chain) -> None:
    result = pay(enciphered(chain, own_key=True), profile(), request("1234"))
    assert (result.cvm.encode().hex(), result.tvr & NOBODY) == ("040001", NOBODY)
    assert "PIN_KEY_CA_KEY_MISSING" in result.findings


@pytest.mark.parametrize("answer", [b"\x6d\0", b"\0" * 7 + b"\x90\0"])
def test_an_enciphered_pin_needs_a_challenge(chain: Chain, answer: bytes) -> None:
    card = enciphered(chain, own_key=True)
    card.replies[0x84] = lambda _: answer
    result = pay(card, profile(chain), request("1234"))
    assert result.cvm.result == 1
    assert sent(card, 0x20) == []


def test_a_pin_never_shows() -> None:
    wanted = request("4711")
    result = pay(card_with("0100", pin="4711"), wanted=wanted)
    assert "4711" not in repr(wanted) + repr(result)
    assert result.cvm.result == 2
    assert wanted.pins == (SecretText("4711"),)
