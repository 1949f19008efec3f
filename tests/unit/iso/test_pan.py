import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import luhn
from cardwright.iso.errors import PanError
from cardwright.iso.pan import Pan
from cardwright.secret import SecretText

BODIES = st.text("0123456789", min_size=11, max_size=18)


@given(BODIES)
def test_shows_first_six_and_last_four_and_no_more(body: str) -> None:
    digits = body + luhn.check_digit(body)
    pan = Pan(digits)
    assert pan.digits() == pan.reveal() == digits
    assert pan.masked() == digits[:6] + "*" * (len(digits) - 10) + digits[-4:]
    assert (pan.first6, pan.last4) == (digits[:6], digits[-4:])
    for shown in (repr(pan), str(pan), f"{pan}", f"{pan!s:>40}"):
        assert digits not in shown
        assert digits[6:-4] == "" or pan.last4 not in shown


@given(BODIES, st.integers(1, 9))
def test_a_wrong_check_digit_is_refused_without_showing_digits(body: str, off: int) -> None:
    wrong = body + str((int(luhn.check_digit(body)) + off) % 10)
    with pytest.raises(PanError) as caught:
        Pan(wrong)
    assert caught.value.code == "PAN_LUHN"
    assert not any(c.isdigit() for c in str(caught.value))


@pytest.mark.parametrize(
    "text",
    ["", "0" * 11, "0" * 20, "4111 1111 1111 1111", "\u0660" * 16, "41111111111111l1"],
    ids=range(6),
)
def test_a_wrong_format_is_refused(text: str) -> None:
    with pytest.raises(PanError) as caught:
        Pan(text)
    assert caught.value.code == "PAN_FORMAT"
    assert text == "" or text not in str(caught.value)


def test_is_a_secret() -> None:
    pan = Pan("4111111111111111")
    assert pan == SecretText("4111111111111111")
    assert pan != Pan("5555555555554444")
    with pytest.raises(TypeError):
        pickle.dumps(pan)
    with pytest.raises(TypeError):
        hash(pan)
