from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.iso.tracks import Expiry
from cardwright.issuer.registration import AccountRange
from cardwright.secret import SecretText
from services.dataprep.domain.account import allocated_pan, expiry_of, given_pan, last_month
from services.dataprep.domain.faults import AnomalyError, PreparationError, RefusedError
from tests.unit.dataprep.fakes import TODAY

RANGE = AccountRange(bin="999999", length=16, allocate_from=500_000_000)
LATEST = Expiry(2029, 11)


@given(st.integers(0, 499_999_999), st.integers(0, 499_999_999))
def test_each_index_has_a_number_of_its_own(one: int, other: int) -> None:
    pans = [allocated_pan(RANGE, index).digits() for index in (one, other)]
    assert (pans[0] == pans[1]) == (one == other)
    for index, pan in zip((one, other), pans, strict=True):
        assert luhn.is_valid(pan)
        assert pan[:15] == f"999999{500_000_000 + index}"


def test_a_short_range_keeps_its_length() -> None:
    short = AccountRange(bin="99999900", length=12)
    assert allocated_pan(short, 7).digits()[:11] == "99999900007"


@pytest.mark.parametrize(("account_range", "index"), [(RANGE, 500_000_000), (None, 0)])
def test_the_end_of_a_range_is_for_a_person(account_range: AccountRange | None, index: int) -> None:
    with pytest.raises(AnomalyError) as raised:
        allocated_pan(account_range, index)
    assert raised.value.code == "PAN_RANGE_EXHAUSTED"


def test_a_number_of_the_range_is_taken() -> None:
    digits = "9999990000000006"
    assert given_pan(SecretText(digits), RANGE).digits() == digits


@pytest.mark.parametrize(
    ("digits", "account_range", "code"),
    [
        ("99999900000", RANGE, "PAN_FORMAT"),
        ("9999990000000003", RANGE, "PAN_LUHN"),
        ("4000000000000002", RANGE, "PAN_RANGE"),
        ("9999990000000000006", RANGE, "PAN_RANGE"),
        ("9999990000000006", None, "PAN_RANGE"),
    ],
    ids=["short", "check digit", "other issuer", "long", "no range"],
)
def test_other_numbers_are_refused(
    digits: str, account_range: AccountRange | None, code: str
) -> None:
    with pytest.raises(RefusedError) as raised:
        given_pan(SecretText(digits), account_range)
    assert raised.value.code == code
    assert digits not in str(raised.value)


def test_expiry_is_the_products_unless_asked_otherwise() -> None:
    assert expiry_of("", LATEST, TODAY) == LATEST
    assert expiry_of("2711", LATEST, TODAY) == Expiry(2027, 11)
    assert expiry_of("2611", LATEST, TODAY) == Expiry(2026, 11)
    assert expiry_of("3112", LATEST, TODAY, far=True) == Expiry(2031, 12)


@pytest.mark.parametrize(
    ("yymm", "kind", "code"),
    [
        ("2610", RefusedError, "EXPIRY_PAST"),
        ("2613", RefusedError, "EXPIRY_FORMAT"),
        ("2912", AnomalyError, "EXPIRY_FAR"),
    ],
)
def test_other_expiries_have_their_codes(
    yymm: str, kind: type[PreparationError], code: str
) -> None:
    with pytest.raises(kind) as raised:
        expiry_of(yymm, LATEST, TODAY)
    assert raised.value.code == code


@given(st.dates(dt.date(2024, 1, 1), dt.date(2060, 12, 31)), st.integers(1, 240))
def test_months_count_over_years(today: dt.date, months: int) -> None:
    last = last_month(today, months)
    assert (last.year - today.year) * 12 + last.month - today.month == months
