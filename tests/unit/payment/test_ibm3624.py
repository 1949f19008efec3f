"""Known answers: the worked example in circulation (card 1234567890123445, A. Padilla's account of
stripes), IBM's CCA manual 2.54, appendix E, and psec's tests.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psec import pin as psec

from cardwright.cipher import ClearTdes
from cardwright.payment.errors import PinError
from cardwright.payment.ibm3624 import Scheme, customer_pin, natural_pin, offset, verify
from cardwright.secret import SecretBytes, SecretText

# The oracle imports triple DES from where cryptography warns about it, with two-key lengths.
oracle = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

KEY = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
PAN = SecretText("1122334455667788")
TABLE = "1234567890123456"

permutations = st.permutations(range(10)).map(lambda digits: "".join(map(str, digits)))
tables = st.builds(lambda first, rest: first + rest[:6], permutations, permutations)


class Stated(ClearTdes):
    """A key whose one result is known."""

    def encrypt(self, blocks: bytes) -> bytes:
        assert len(blocks) == 8
        return bytes.fromhex("E5C1BD67B66AE7C6")


def test_a_worked_example_of_single_des() -> None:
    # 9A466AD30DFE0381 is the card number enciphered; the offset was on the card's track 3.
    single = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEF" * 3)))
    pan = SecretText("1234567890123445")
    assert natural_pin(single, Scheme(), pan).reveal() == "9046"
    assert natural_pin(single, Scheme(), pan, 12).reveal() == "904660330354"
    assert customer_pin(single, Scheme(), pan, "2298").reveal() == "1234"
    assert offset(single, Scheme(), pan, SecretText("1234")) == "2298"
    assert verify(single, Scheme(), pan, "2298", SecretText("1234"))


def test_the_table_of_ibms_manual() -> None:
    key = Stated(SecretBytes(bytes(16)))
    scheme = Scheme("8351296477461538")
    assert natural_pin(key, scheme, PAN, 6).reveal() == "391365"
    assert natural_pin(key, scheme, PAN, 12).reveal() == "391365646664"


@pytest.mark.parametrize(
    ("start", "length", "pad", "digits", "pin"),
    [
        (0, 16, "F", "0000", "4524"),
        (0, 16, "F", "1111", "5635"),
        (0, 16, "F", "6586", "0000"),
        (0, 16, "F", "7710", "1234"),
        (0, 14, "F", "0000", "5518"),
        (0, 14, "f", "0000", "5518"),
        (1, 14, "1", "0000", "3675"),
        (2, 14, "1", "0000", "5550"),
    ],
)
def test_published_vectors(start: int, length: int, pad: str, digits: str, pin: str) -> None:
    scheme = Scheme(TABLE, start, length, pad)
    assert customer_pin(KEY, scheme, PAN, digits).reveal() == pin
    assert offset(KEY, scheme, PAN, SecretText(pin)) == digits
    assert verify(KEY, scheme, PAN, digits, SecretText(pin))


@oracle
@given(
    st.binary(min_size=16, max_size=16),
    tables,
    st.text("0123456789", min_size=16, max_size=19),
    st.integers(0, 12).flatmap(lambda start: st.tuples(st.just(start), st.integers(4, 16 - start))),
    st.sampled_from("0123456789ABCDEF"),
    st.text("0123456789", min_size=4, max_size=12),
)
def test_agrees_with_an_independent_implementation(
    key: bytes, table: str, pan: str, where: tuple[int, int], pad: str, pin: str
) -> None:
    scheme, cipher = Scheme(table, *where, pad), ClearTdes(SecretBytes(key))
    digits = offset(cipher, scheme, SecretText(pan), SecretText(pin))
    assert digits == psec.generate_ibm3624_offset(key, table, pin, pan, *where, pad)
    assert customer_pin(cipher, scheme, SecretText(pan), digits).reveal() == pin
    natural = natural_pin(cipher, scheme, SecretText(pan), len(pin)).reveal()
    zeros = "0" * len(pin)
    assert natural == psec.generate_ibm3624_pin(key, table, zeros, pan, *where, pad)


def test_another_pin_is_not_the_holders() -> None:
    scheme = Scheme(TABLE)
    assert verify(KEY, scheme, PAN, "0000", SecretText("4524"))
    for pin in ("4525", "45240", "452412"):
        assert not verify(KEY, scheme, PAN, "0000", SecretText(pin))


@pytest.mark.parametrize(
    "table",
    ["", "123456789012345", "12345678901234567", "123456789012345A", "٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥",
     "0000000000000000", "1000000000000000", "0123456012345601", "0123456789000000"],
)  # fmt: skip
def test_a_table_that_tells_too_much_is_refused(table: str) -> None:
    with pytest.raises(PinError) as error:
        Scheme(table)
    assert error.value.code == "PIN_TABLE"


@pytest.mark.parametrize(
    ("start", "length", "pad"),
    [(-1, 16, "F"), (0, 3, "F"), (0, 17, "F"), (0, 16, ""), (0, 16, "G"), (0, 16, "FF")],
)
def test_validation_data_that_are_none(start: int, length: int, pad: str) -> None:
    with pytest.raises(PinError) as error:
        Scheme(TABLE, start, length, pad)
    assert error.value.code == "PIN_VALIDATION"


@pytest.mark.parametrize("pan", ["112233445566778", "112233445566778x", ""])
def test_an_account_number_without_those_digits(pan: str) -> None:
    with pytest.raises(PinError) as error:
        natural_pin(KEY, Scheme(TABLE), SecretText(pan))
    assert error.value.code == "PIN_VALIDATION"
    assert pan == "" or pan not in str(error.value)


def test_pins_and_offsets_that_are_none() -> None:
    for length in (3, 13):
        with pytest.raises(PinError) as error:
            natural_pin(KEY, Scheme(), PAN, length)
        assert error.value.code == "PIN_DIGITS"
    for digits in ("123", "1234567890123", "12a4"):
        with pytest.raises(PinError) as error:
            customer_pin(KEY, Scheme(), PAN, digits)
        assert error.value.code == "PIN_OFFSET"
        with pytest.raises(PinError) as error:
            offset(KEY, Scheme(), PAN, SecretText(digits))
        assert error.value.code == "PIN_DIGITS"
        assert digits not in str(error.value)
