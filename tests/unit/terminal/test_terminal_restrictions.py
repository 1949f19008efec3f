"""Processing restrictions: versions, usage control and dates, bit by bit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cardwright.terminal import Profile, TerminalAid, TransactionRequest, TransactionType, Tvr
from tests.unit.terminal.card_kit import AID, FakeCard, base_objects
from tests.unit.terminal.kit import PROFILE, REQUEST, pay, profile, request

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

BITS = Tvr.DIFFERENT_VERSIONS | Tvr.EXPIRED | Tvr.NOT_YET_EFFECTIVE | Tvr.SERVICE_NOT_ALLOWED


def restricted(
    changes: dict[int, bytes | None],
    terminal: Profile = PROFILE,
    wanted: TransactionRequest = REQUEST,
) -> Tvr:
    objects = {**base_objects(), **changes}
    kept = {tag: value for tag, value in objects.items() if value is not None}
    return pay(FakeCard(objects=kept), terminal, wanted).tvr & BITS


def on(year: int, month: int, day: int) -> TransactionRequest:
    return request(at=dt.datetime(year, month, day, 23, 59, tzinfo=dt.UTC))


def test_a_card_without_restrictions_passes() -> None:
    assert restricted({}) == Tvr(0)
    assert restricted({0x9F07: None, 0x9F08: None, 0x5F25: None}) == Tvr(0)


def test_versions_are_compared() -> None:
    assert restricted({0x9F08: b"\0\2"}) == Tvr.DIFFERENT_VERSIONS
    newer = profile(aids=(TerminalAid(AID, version=b"\0\2"),))
    assert restricted({0x9F08: b"\0\2"}, newer) == Tvr(0)


def test_the_first_and_the_last_day_are_good() -> None:
    assert restricted({}, wanted=on(2026, 1, 1)) == Tvr(0)
    assert restricted({}, wanted=on(2028, 12, 31)) == Tvr(0)
    assert restricted({}, wanted=on(2025, 12, 31)) == Tvr.NOT_YET_EFFECTIVE
    assert restricted({}, wanted=on(2029, 1, 1)) == Tvr.EXPIRED


HOME, ABROAD = {0x5F28: bytes.fromhex("0372")}, {0x5F28: bytes.fromhex("0250")}
GOODS, CASH, CASHBACK = TransactionType


@pytest.mark.parametrize(
    ("usage", "country", "kind", "allowed"),
    [
        (0x8100, HOME, CASH, True), (0x4100, HOME, CASH, False),
        (0x4100, ABROAD, CASH, True), (0x8100, ABROAD, CASH, False),
        (0x2100, HOME, GOODS, True), (0x0900, HOME, GOODS, True), (0x1500, HOME, GOODS, False),
        (0x1100, ABROAD, GOODS, True), (0x0500, ABROAD, GOODS, True),
        (0x2900, ABROAD, GOODS, False),
        (0x0180, HOME, CASHBACK, True), (0x0140, HOME, CASHBACK, False),
        (0x0140, ABROAD, CASHBACK, True), (0x0180, ABROAD, CASHBACK, False),
        (0xFEC0, HOME, GOODS, False),  # no terminals but ATMs
        (0x0100, HOME, 0x20, True),  # a refund has no bit
    ],
)  # fmt: skip
def test_usage_control(usage: int, country: dict[int, bytes], kind: int, allowed: bool) -> None:
    changes: dict[int, Any] = {0x9F07: usage.to_bytes(2, "big"), **country}
    found = restricted(changes, wanted=request(type=kind, other=1))
    assert found == (Tvr(0) if allowed else Tvr.SERVICE_NOT_ALLOWED)


def test_without_an_issuers_country_the_kind_of_terminal_counts_alone() -> None:
    assert restricted({0x9F07: b"\1\0", 0x5F28: None}) == Tvr(0)
    assert restricted({0x9F07: b"\xfe\0", 0x5F28: None}) == Tvr.SERVICE_NOT_ALLOWED


def test_an_atm_has_a_bit_of_its_own() -> None:
    atm = profile(type=0x14, additional_capabilities=b"\x80\0\0\0\0")
    assert restricted({0x9F07: b"\xfe\0"}, atm, request(type=CASH)) == Tvr(0)
    assert restricted({0x9F07: b"\xfd\0"}, atm, request(type=CASH)) == Tvr.SERVICE_NOT_ALLOWED
    # A bank's terminal that gives no cash is none.
    desk = profile(type=0x14, additional_capabilities=b"\x40\0\0\0\0")
    assert restricted({0x9F07: b"\xfd\0"}, desk, request(type=CASH)) == Tvr(0)
