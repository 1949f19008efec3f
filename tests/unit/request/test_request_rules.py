from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.secret import SecretText
from services.request.domain.decide import Accepted, accept_or_refuse, duplicate
from services.request.domain.model import (
    Context,
    Issuer,
    Photo,
    Presence,
    Refused,
    Request,
    Unusable,
)
from services.request.domain.rules import CLOCK_SKEW, RULES
from tests.unit.request.request_support import BANK, DEBIT, NOW, PRODUCTS, WORKS

DAY = timedelta(days=1)
CARD = Request(
    issuer="aurora-bank",
    request_id="AUR-00001-AA",
    product="emv-debit",
    consent_given_at=NOW - DAY,
    consent_expires_at=NOW + DAY,
    sealed_issuer="aurora-bank",
    sealed_request_id="AUR-00001-AA",
)
BADGE_REQUEST = replace(
    CARD,
    issuer="borealis-works",
    sealed_issuer="borealis-works",
    product="employee-badge",
    has_employee=True,
    photo=Photo.IMAGE,
)


def decide(request: Request, issuer: Issuer = BANK, now: datetime = NOW) -> Accepted | Refused:
    return accept_or_refuse(request, Context(issuer, PRODUCTS, now))


def code(request: Request, issuer: Issuer = BANK) -> str:
    decision = decide(request, issuer)
    return decision.code if isinstance(decision, Refused) else "accepted"


def with_pan(digits: str) -> Request:
    return replace(CARD, has_account=True, pan=SecretText(digits))


def test_a_card_that_passes_names_every_rule() -> None:
    decision = decide(CARD)
    assert isinstance(decision, Accepted)
    assert decision.rules == tuple(f"{rule.name}/{rule.version}" for rule in RULES)
    assert code(BADGE_REQUEST, WORKS) == "accepted"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(CARD, issuer="other"), "REQUEST_ISSUER_MISMATCH"),
        (replace(CARD, sealed_issuer="other"), "REQUEST_ISSUER_MISMATCH"),
        (replace(CARD, sealed_request_id="other"), "REQUEST_ISSUER_MISMATCH"),
        (replace(CARD, test_card=True), "TEST_CARD_MISMATCH"),
        (replace(CARD, sealed_test_card=True), "TEST_CARD_MISMATCH"),
        (replace(CARD, test_card=True, sealed_test_card=True), "accepted"),
        (replace(CARD, product="emv-platinum"), "PRODUCT_UNKNOWN"),
        (replace(CARD, product="employee-badge"), "PRODUCT_NOT_OFFERED"),
        (replace(CARD, consent_given_at=NOW + CLOCK_SKEW), "accepted"),
        (replace(CARD, consent_given_at=NOW + CLOCK_SKEW + DAY / 86400), "CONSENT_NOT_YET"),
        (replace(CARD, consent_expires_at=NOW), "CONSENT_EXPIRED"),
        (replace(CARD, photo=Photo.IMAGE), "PHOTO_UNEXPECTED"),
        (replace(CARD, has_employee=True), "EMPLOYEE_UNEXPECTED"),
        (replace(CARD, has_account=True), "accepted"),
        (with_pan("9999990000000006"), "accepted"),
        (with_pan("9999990000000007"), "PAN_LUHN"),
        (with_pan("4111111111111111"), "PAN_RANGE"),
        (with_pan("99999900000" + luhn.check_digit("99999900000")), "PAN_RANGE"),
        (replace(CARD, expiry="2603"), "accepted"),
        (replace(CARD, expiry="2602"), "EXPIRY_PAST"),
        (replace(CARD, expiry="2512"), "EXPIRY_PAST"),
        (replace(CARD, expiry="9912"), "accepted"),
    ],
)
def test_cards(request_: Request, expected: str) -> None:
    assert code(request_) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(BADGE_REQUEST, photo=Photo.ABSENT), "PHOTO_MISSING"),
        (replace(BADGE_REQUEST, photo=Photo.NOT_AN_IMAGE), "PHOTO_NOT_AN_IMAGE"),
        (replace(BADGE_REQUEST, has_employee=False), "EMPLOYEE_MISSING"),
        (replace(BADGE_REQUEST, has_account=True), "ACCOUNT_UNEXPECTED"),
    ],
)
def test_badges(request_: Request, expected: str) -> None:
    assert code(request_, WORKS) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "ADDRESS_MISSING"),
        ({"has_address": True}, "accepted"),
        ({"has_account": True, "has_pin": True}, "accepted"),
        ({"has_account": True, "has_pin": True, "has_address": True}, "accepted"),
    ],
)
def test_a_pin_goes_by_post_unless_it_is_known(changes: dict[str, bool], expected: str) -> None:
    wanted = replace(DEBIT.eligibility, address=Presence.REQUIRED)
    products = {"emv-debit": replace(DEBIT, eligibility=wanted)}
    decision = accept_or_refuse(replace(CARD, **changes), Context(BANK, products, NOW))  # type: ignore[arg-type]  # flags alone
    assert (decision.code if isinstance(decision, Refused) else "accepted") == expected


def test_an_address_that_nobody_needs_is_refused() -> None:
    assert code(replace(CARD, has_address=True)) == "ADDRESS_UNEXPECTED"


def test_an_issuer_without_a_range_has_no_account_numbers() -> None:
    assert code(with_pan("9999990000000006"), replace(BANK, bin=None)) == "PAN_RANGE"


def test_a_product_can_be_reserved() -> None:
    reserved = {"emv-debit": replace(DEBIT, issuers=frozenset({"other-bank"}))}
    decision = accept_or_refuse(CARD, Context(BANK, reserved, NOW))
    assert isinstance(decision, Refused)
    assert decision.code == "PRODUCT_NOT_OFFERED"


def test_fields_are_named_by_path() -> None:
    decision = accept_or_refuse(
        Unusable(("consent", "sealed.account.pan")), Context(BANK, PRODUCTS, NOW)
    )
    assert isinstance(decision, Refused)
    assert decision.code == "REQUEST_FIELDS"
    assert decision.detail.endswith("consent, sealed.account.pan")


@pytest.mark.parametrize(("same", "word"), [(True, "same"), (False, "another")])
def test_a_duplicate_says_whether_it_is_the_same(same: bool, word: str) -> None:
    refused = duplicate(same_content=same)
    assert refused.code == "REQUEST_DUPLICATE"
    assert word in refused.detail


@given(year=st.integers(0, 99), month=st.integers(1, 12))
def test_a_card_is_good_through_its_last_month(year: int, month: int) -> None:
    request = replace(CARD, expiry=f"{year:02}{month:02}")
    last = datetime(2000 + year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - DAY / 86400
    always = replace(request, consent_given_at=last - DAY, consent_expires_at=last + DAY)
    assert isinstance(decide(always, now=last), Accepted)
    assert decide(always, now=last + DAY / 86400) != decide(always, now=last)


@given(st.text("0123456789", min_size=12, max_size=19))
def test_no_refusal_repeats_an_account_number(digits: str) -> None:
    decision = decide(with_pan(digits))
    assert isinstance(decision, Accepted) or digits not in decision.detail
