"""Known answers: psec's tests and documentation, and the examples of I. Dubinsky's book
"Cryptography for Payment Professionals".
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psec.pin import generate_visa_pvv

from cardwright.cipher import ClearTdes
from cardwright.payment.errors import PinError
from cardwright.payment.pvv import pvv, verify
from cardwright.secret import SecretBytes, SecretText

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def cipher(key: str) -> ClearTdes:
    return ClearTdes(SecretBytes(bytes.fromhex(key)))


KEY = cipher("0123456789ABCDEFFEDCBA9876543210")
BOOK = cipher("233220CCDDCC322315C44C2A51A2DFFD")
PAN, PIN = SecretText("1122334455667788"), SecretText("4524")


@pytest.mark.parametrize(
    ("key", "index", "pin", "pan", "value"),
    [
        (KEY, 1, "4524", "1122334455667788", "8523"),
        (KEY, 2, "1912", "1122334455667788", "3244"),
        (KEY, 1, "0570", "1122334455667718", "3144"),  # three digits and a letter
        (KEY, 1, "8299", "1122334455667708", "4422"),  # two digits and two letters
        (KEY, 3, "4524", "1122334455667788", "4021"),
        (BOOK, 1, "1234", "4444333322221111", "7211"),
        (BOOK, 1, "1234", "4444888811112222333", "7640"),
    ],
)
def test_published_vectors(key: ClearTdes, index: int, pin: str, pan: str, value: str) -> None:
    assert pvv(key, index, SecretText(pan), SecretText(pin)) == value
    assert verify(key, index, SecretText(pan), SecretText(pin), value)


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    st.integers(1, 6),
    st.text("0123456789", min_size=12, max_size=19),
    st.text("0123456789", min_size=4, max_size=12),
)
def test_agrees_with_an_independent_implementation(
    key: bytes, index: int, pan: str, pin: str
) -> None:
    value = pvv(ClearTdes(SecretBytes(key)), index, SecretText(pan), SecretText(pin))
    assert value == generate_visa_pvv(key, str(index), pin[:4], pan)


def test_another_value_is_not_the_pins() -> None:
    assert verify(KEY, 1, PAN, PIN, "8523")
    for value in ("8524", "", "85230", "٨٥٢٣"):
        assert not verify(KEY, 1, PAN, PIN, value)
    assert not verify(KEY, 1, PAN, SecretText("4525"), "8523")


@pytest.mark.parametrize(
    ("key", "index", "pan", "pin", "code"),
    [
        (
            cipher("0123456789ABCDEFFEDCBA987654321089ABCDEF01234567"),
            1,
            "4" * 16,
            "1234",
            "PIN_KEY",
        ),
        (KEY, 0, "4" * 16, "1234", "PIN_INDEX"),
        (KEY, 7, "4" * 16, "1234", "PIN_INDEX"),
        (KEY, 1, "4" * 11, "1234", "PIN_PAN"),
        (KEY, 1, "4" * 20, "1234", "PIN_PAN"),
        (KEY, 1, "4444x44444444444", "1234", "PIN_PAN"),
        (KEY, 1, "4" * 16, "123", "PIN_DIGITS"),
        (KEY, 1, "4" * 16, "12a4", "PIN_DIGITS"),
    ],
)
def test_refusals_are_coded_and_show_nothing(
    key: ClearTdes, index: int, pan: str, pin: str, code: str
) -> None:
    with pytest.raises(PinError) as error:
        pvv(key, index, SecretText(pan), SecretText(pin))
    assert error.value.code == code
    assert pan not in str(error.value)
    assert pin not in str(error.value)
