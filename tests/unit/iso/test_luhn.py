import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.iso.errors import LuhnError

DIGITS = st.text("0123456789", min_size=1, max_size=30)


# ISO/IEC 7812-1 annex B's procedure, worked by hand in many textbooks.
@pytest.mark.parametrize(("body", "check"), [("7992739871", "3"), ("4992739871", "6"), ("0", "0")])
def test_worked_examples(body: str, check: str) -> None:
    assert luhn.check_digit(body) == check
    assert luhn.is_valid(body + check)


@given(DIGITS)
def test_exactly_one_digit_checks_a_number(body: str) -> None:
    valid = [d for d in "0123456789" if luhn.is_valid(body + d)]
    assert valid == [luhn.check_digit(body)]


@given(DIGITS, st.data())
def test_every_single_digit_error_is_found(body: str, data: st.DataObject) -> None:
    number = body + luhn.check_digit(body)
    at = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda d: d != number[at]))
    assert not luhn.is_valid(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize("text", ["", "12a", "\u0661\u0662", "1 2", "²"])
def test_what_is_no_number_is_never_valid_and_has_no_check_digit(text: str) -> None:
    assert not luhn.is_valid(text)
    with pytest.raises(LuhnError) as caught:
        luhn.check_digit(text)
    assert caught.value.code == "LUHN_DIGITS"


def test_a_check_digit_alone_checks_nothing() -> None:
    assert not luhn.is_valid("0")
