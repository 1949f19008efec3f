"""Terminal risk management: floor limit, chance, velocity, exception file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.secret import SecretText
from cardwright.terminal import RandomSelection, Tsi, Tvr
from cardwright.terminal.risk import target_percentage
from tests.unit.terminal.card_kit import FakeCard, base_objects
from tests.unit.terminal.kit import PROFILE, REQUEST, UNPREDICTABLE, pay, profile, request
from tests.unit.terminal.rsa_kit import PAN

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

BITS = (
    Tvr.FLOOR_LIMIT_EXCEEDED | Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED | Tvr.UPPER_OFFLINE_LIMIT_EXCEEDED
    | Tvr.RANDOMLY_SELECTED | Tvr.FORCED_ONLINE | Tvr.NEW_CARD | Tvr.ON_EXCEPTION_FILE
)  # fmt: skip
BOTH_LIMITS = Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED | Tvr.UPPER_OFFLINE_LIMIT_EXCEEDED


def found(card: FakeCard | None = None, terminal: Any = PROFILE, wanted: Any = REQUEST) -> Tvr:
    return pay(card or FakeCard(), terminal, wanted).tvr & BITS


def drawing(number: int) -> Callable[[int], bytes]:
    """Randomness that draws this number from 1 to 99."""
    return lambda size: UNPREDICTABLE if size == 4 else (number - 1).to_bytes(size, "big")


def test_the_floor_limit_itself_is_too_much() -> None:
    assert found(wanted=request(amount=4999)) == Tvr(0)
    assert found(wanted=request(amount=5000)) == Tvr.FLOOR_LIMIT_EXCEEDED
    assert found(wanted=request(amount=4000, earlier=1000)) == Tvr.FLOOR_LIMIT_EXCEEDED


def test_a_card_may_leave_it_out() -> None:
    result = pay(FakeCard(aip=b"\x10\0"), wanted=request(amount=9999, forced_online=True))
    # What the merchant wants counts even so.
    assert result.tvr & BITS == Tvr.FORCED_ONLINE
    assert not result.tsi & Tsi.TERMINAL_RISK_MANAGEMENT
    assert pay(FakeCard()).tsi & Tsi.TERMINAL_RISK_MANAGEMENT


def test_accounts_on_the_exception_file_are_known() -> None:
    other, listed = SecretText("9999990000000000"), SecretText(PAN)
    assert found(terminal=profile(exception_file=(other,))) == Tvr(0)
    assert found(terminal=profile(exception_file=(other, listed))) == Tvr.ON_EXCEPTION_FILE


def test_the_percentage_rises_from_the_threshold_to_the_floor_limit() -> None:
    selection = RandomSelection(target=20, maximum=80, threshold=1000)
    amounts = (0, 999, 1000, 3000, 4999)
    assert [target_percentage(selection, amount, 5000) for amount in amounts] == [
        20, 20, 20, 50, 79,
    ]  # fmt: skip


@given(st.integers(0, 4999), st.integers(0, 99), st.integers(0, 99), st.integers(0, 4999))
def test_the_percentage_stays_between_target_and_maximum(
    amount: int, low: int, high: int, threshold: int
) -> None:
    selection = RandomSelection(min(low, high), max(low, high), threshold)
    assert min(low, high) <= target_percentage(selection, amount, 5000) <= max(low, high)


def test_chance_selects_up_to_the_percentage() -> None:
    terminal = profile(random_selection=RandomSelection(20, 80, 1000))
    for amount, number, chosen in ((500, 20, True), (500, 21, False), (3000, 50, True)):
        wanted = request(amount=amount)
        result = pay(FakeCard(), terminal, wanted, random=drawing(number))
        assert bool(result.tvr & Tvr.RANDOMLY_SELECTED) == chosen
    result = pay(FakeCard(), terminal, request(amount=3000), random=drawing(51))
    assert not result.tvr & Tvr.RANDOMLY_SELECTED


def test_chance_takes_none_where_it_is_not_wanted() -> None:
    for selection in (RandomSelection(), RandomSelection(99, 99, 5000)):
        terminal = profile(random_selection=selection)
        assert not pay(FakeCard(), terminal, random=drawing(1)).tvr & Tvr.RANDOMLY_SELECTED


def velocity(counter: str | None, last_online: str | None, *, limits: bool = True) -> Tvr:
    objects = base_objects() | ({0x9F14: b"\2", 0x9F23: b"\4"} if limits else {})
    pairs = ((0x9F36, counter), (0x9F13, last_online))
    counters = {tag: bytes.fromhex(value) for tag, value in pairs if value is not None}
    return found(FakeCard(objects=objects, counters=counters))


def test_velocity() -> None:
    assert velocity("000A", "0008") == Tvr(0)
    assert velocity("000B", "0008") == Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED
    assert velocity("000C", "0008") == Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED
    assert velocity("000D", "0008") == BOTH_LIMITS
    assert velocity("0008", "0008") == BOTH_LIMITS
    assert velocity("0001", "0000") == Tvr.NEW_CARD
    assert velocity("0009", "0000") == Tvr.NEW_CARD | BOTH_LIMITS


def test_counters_that_the_card_hides_count_as_exceeded() -> None:
    assert velocity("000A", None) == BOTH_LIMITS
    assert velocity(None, "0008") == BOTH_LIMITS
    assert velocity(None, "0000") == Tvr.NEW_CARD | BOTH_LIMITS


def test_a_card_without_limits_is_not_asked() -> None:
    assert velocity("FFFF", "0000", limits=False) == Tvr(0)
    card = FakeCard(objects=base_objects() | {0x9F14: b"\2"})
    assert found(card) == Tvr(0)
    assert all(command.ins != 0xCA for command in card.commands)


def test_a_malformed_counter_counts_as_hidden() -> None:
    objects = base_objects() | {0x9F14: b"\2", 0x9F23: b"\4"}
    card = FakeCard(objects=objects)
    card.replies[0xCA] = lambda _: b"\x9f\x36\x05\0\x90\0"
    assert found(card) == BOTH_LIMITS
