from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.issuer.opaque import holds_pan


@st.composite
def pans(draw: st.DrawFn) -> str:
    body = draw(st.text("0123456789", min_size=11, max_size=18))
    return body + luhn.check_digit(body)


no_digits = st.text("abcXYZ-._", max_size=12)


@given(pans(), no_digits, no_digits)
def test_finds_every_account_number_in_any_company(pan: str, before: str, after: str) -> None:
    assert holds_pan(before + pan + after)


@given(pans(), st.integers(1, 9))
def test_lets_a_number_with_another_check_digit_through(pan: str, step: int) -> None:
    assert not holds_pan(f"order-{pan[:-1]}{(int(pan[-1]) + step) % 10}")


@given(st.uuids(version=4))
def test_a_uuid_is_opaque_whatever_its_digits(uuid: UUID) -> None:
    assert not holds_pan(str(uuid))
    assert not holds_pan(f"card.{uuid}")


@given(st.text("0123456789", max_size=11), no_digits)
def test_up_to_eleven_digits_are_no_account_number(digits: str, after: str) -> None:
    assert not holds_pan(digits + "x" + after)


@pytest.mark.parametrize("separator", ["-", ".", "_"])
@pytest.mark.parametrize(
    "groups",
    [("9999", "9900", "0000", "0002"), ("9999", "990000", "00002"), ("9999", "9900", "0007")],
)
def test_finds_grouped_numbers(groups: tuple[str, ...], separator: str) -> None:
    bare = "".join(groups)[:-1]
    groups = (*groups[:-1], groups[-1][:-1] + luhn.check_digit(bare))
    assert holds_pan(f"id-{separator.join(groups)}-x")


def test_finds_a_number_glued_to_a_date() -> None:
    assert holds_pan("20260301" + "9999990000000006")


def test_a_dated_serial_is_let_through() -> None:
    assert not holds_pan("2026-03-01-000123")


def test_a_uuid_may_end_in_what_could_be_a_number() -> None:
    digits = "99999900001" + luhn.check_digit("99999900001")
    assert holds_pan(digits)
    assert not holds_pan(f"0191f3a0-1111-7abc-8def-{digits}")


def test_a_uuid_needs_its_version_and_variant() -> None:
    # The form alone would be a way to smuggle: 12 digits after zeros that no generator makes.
    assert holds_pan("00000000-0000-0000-0000-" + "99999900001" + luhn.check_digit("99999900001"))
