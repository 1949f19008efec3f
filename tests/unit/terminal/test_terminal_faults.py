"""Whatever a card does, a transaction ends with a code, and nothing escapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost import IssuerKeys, Rules, SoftwareIssuerHost
from cardwright.secret import SecretBytes
from cardwright.terminal import (
    CardLinkError,
    Exchange,
    Outcome,
    Transaction,
    guard,
    read_contactless,
)
from tests.unit.terminal.card_kit import MASTER_KEY, FakeCard, base_objects, dda_card
from tests.unit.terminal.kit import REQUEST, counting, pay, profile, request
from tests.unit.terminal.rsa_kit import PAN, Chain

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def long_card(chain: Chain, **changes: Any) -> FakeCard:
    """A card that needs every command: directory, DDA, PIN enciphered, counters, issuer."""
    objects = base_objects() | {
        0x8E: bytes.fromhex("0000000000000000" "0400"),
        0x9F14: b"\2", 0x9F23: b"\4", 0x9F0F: b"\0\0\4\0\0",
    }  # fmt: skip
    counters = {0x9F36: b"\0\2", 0x9F13: b"\0\1"}
    card = dda_card(chain, b"\x3c\0", objects=objects, counters=counters, **changes)
    card.extra.append(chain.pin_objects())
    return card


def host() -> SoftwareIssuerHost:
    return SoftwareIssuerHost(IssuerKeys(*(SecretBytes(MASTER_KEY) for _ in range(3))), Rules())


def transact(chain: Chain, card: Any) -> Transaction:
    terminal = profile(chain, tac_online=b"\xff" * 5, floor_limit=1)
    return pay(card, terminal, request("1234"), host())


def test_the_whole_way_goes_well(chain: Chain) -> None:
    card = long_card(chain)
    result = transact(chain, card)
    assert (result.outcome, result.code) == (Outcome.APPROVED, "ISSUER")
    assert {command.ins for command in card.commands} == {
        0xA4, 0xB2, 0xA8, 0x88, 0xCA, 0x84, 0x20, 0xAE, 0x82,
    }  # fmt: skip
    assert result.log == tuple(Exchange(command.ins, log.sw) for command, log in zip(
        card.commands, result.log, strict=True
    ))  # fmt: skip


def test_the_log_holds_no_data(chain: Chain) -> None:
    result = transact(chain, long_card(chain))
    assert PAN not in repr(result)
    assert str(result.log[0]) == "SELECT: 9000"
    assert str(Exchange(0xDA, None)) == "INS DA: no answer"
    assert Exchange.__dataclass_fields__.keys() == {"ins", "sw"}


def test_a_card_pulled_at_each_command_ends_it_with_a_code(chain: Chain) -> None:
    whole = long_card(chain)
    transact(chain, whole)
    for at in range(1, len(whole.commands) + 1):
        card = long_card(chain, pull_at=at)
        result = transact(chain, card)
        assert (result.outcome, result.code) == (Outcome.TERMINATED, "CARD_REMOVED"), at
        assert len(result.log) == at
        assert result.log[-1] == Exchange(whole.commands[at - 1].ins, None)


def test_faults_of_a_transport_keep_their_code() -> None:
    class ReaderError(Exception):
        code = "CARD_MUTE"

    class Broken:
        def __init__(self, fault: Exception) -> None:
            self.fault = fault

        def transmit(self, _command: bytes) -> bytes:
            raise self.fault

    assert pay(guard(Broken(ReaderError()), ReaderError)).code == "CARD_MUTE"
    assert pay(guard(Broken(OSError()), ReaderError, OSError)).code == "CARD_LOST"
    # A bug is no fault of the card.
    with pytest.raises(KeyError):
        pay(guard(Broken(KeyError()), OSError))
    with pytest.raises(CardLinkError):
        guard(Broken(OSError()), OSError).transmit(b"")


class Spoiled:
    """A card of which some answers were replaced: by command number, from 0."""

    def __init__(self, card: FakeCard, spoil: Callable[[int, bytes], bytes]) -> None:
        self.card, self.spoil, self.count = card, spoil, 0

    def transmit(self, command: bytes) -> bytes:
        # The kit's card asserts what a true card refuses.
        try:
            answer = self.card.transmit(command)
        except AssertionError:
            answer = b"\x6a\x80"
        self.count += 1
        return self.spoil(self.count - 1, answer)


quietly = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quietly
@given(at=st.integers(0, 30), position=st.integers(0, 300), octet=st.integers(1, 255))
def test_any_octet_may_be_wrong(chain: Chain, at: int, position: int, octet: int) -> None:
    def flip(count: int, answer: bytes) -> bytes:
        if count != at or not answer:
            return answer
        here = position % len(answer)
        return answer[:here] + bytes((answer[here] ^ octet,)) + answer[here + 1 :]

    result = transact(chain, Spoiled(long_card(chain), flip))
    assert result.code


@quietly
@given(at=st.integers(0, 30), answer=st.binary(max_size=40), ok=st.booleans())
def test_any_answer_may_be_nonsense(chain: Chain, at: int, answer: bytes, ok: bool) -> None:
    nonsense = answer + (b"\x90\0" if ok else b"")
    card = Spoiled(long_card(chain), lambda count, real: nonsense if count == at else real)
    assert transact(chain, card).code


@quietly
@given(st.lists(st.binary(max_size=12), max_size=60))
def test_a_card_of_nonsense_alone_ends_it(answers: list[bytes]) -> None:
    class Nonsense:
        def __init__(self) -> None:
            self.answers = list(answers)

        def transmit(self, _command: bytes) -> bytes:
            return self.answers.pop() if self.answers else b"\x90\0"

    assert pay(Nonsense()).outcome is not Outcome.APPROVED
    assert read_contactless(Nonsense(), profile(), REQUEST, random=counting).code


def test_a_card_may_not_answer_with_less_than_a_status_word() -> None:
    card = FakeCard()
    card.replies[0xAE] = lambda _: b"\x90"
    result = pay(card)
    assert (result.outcome, result.code) == (Outcome.TERMINATED, "ANSWER_FORMAT")
    assert result.log[-1] == Exchange(0xAE, None)


def test_a_command_is_short_whatever_the_card_asks(chain: Chain) -> None:
    card = long_card(chain)
    transact(chain, card)
    assert all(not CommandApdu.parse(each.encode()).extended for each in card.commands)
