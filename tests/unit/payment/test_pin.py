from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.payment.errors import PinError
from cardwright.payment.pin import checked, draw, generate, is_weak, refuse_weak
from cardwright.secret import SecretText

pins = st.text("0123456789", min_size=4, max_size=12)


def source(octets: bytes) -> bytes:
    """Return octets that a generator draws, filled up with what it drops."""
    return octets.ljust(64, b"\xff")


@given(st.integers(4, 12))
def test_a_drawn_pin_has_the_length_and_is_not_weak(length: int) -> None:
    pin = generate(length)
    assert len(checked(pin)) == length
    assert not is_weak(pin)


def test_digits_are_octets_less_those_that_would_favour_small_digits() -> None:
    drawn = generate(4, lambda _: source(bytes((255, 250, 1, 13, 5, 249))))
    assert drawn.reveal() == "1359"


@pytest.mark.parametrize("below", [6, 10])
def test_each_number_has_as_many_octets(below: int) -> None:
    every = bytes(range(256 - 256 % below))
    counts = Counter(draw(len(every), below, lambda _: every))
    assert counts == dict.fromkeys(range(below), 256 // below)
    with pytest.raises(PinError):  # the octets above would make small numbers likelier
        draw(1, below, lambda _: bytes(range(256 - 256 % below, 256)))


def test_a_weak_pin_is_drawn_again() -> None:
    answers = iter((bytes((1, 1, 1, 1)), bytes((4, 3, 2, 1)), bytes((2, 0, 7, 1))))
    assert generate(4, lambda _: source(next(answers))).reveal() == "2071"


@pytest.mark.parametrize("octet", [0, 255])
def test_a_source_that_repeats_itself_is_found_out(octet: int) -> None:
    with pytest.raises(PinError) as error:
        generate(4, lambda count: bytes((octet,)) * count)
    assert error.value.code == "PIN_SOURCE"


@pytest.mark.parametrize("length", [-1, 0, 3, 13])
def test_a_length_that_no_pin_has(length: int) -> None:
    with pytest.raises(PinError) as error:
        generate(length)
    assert error.value.code == "PIN_DIGITS"


@pytest.mark.parametrize(
    "pin",
    ["0000", "1111", "999999999999", "1212", "123123", "010101", "1234", "3456789", "7890",
     "8901", "9876", "3210", "1098", "012345678901"],
)  # fmt: skip
def test_what_repeats_or_counts_is_weak(pin: str) -> None:
    assert is_weak(SecretText(pin))
    with pytest.raises(PinError) as error:
        refuse_weak(SecretText(pin))
    assert error.value.code == "PIN_WEAK"
    assert pin not in str(error.value)


@pytest.mark.parametrize("pin", ["1122", "1221", "1357", "2580", "1243", "12123", "123124"])
def test_other_pins_are_not(pin: str) -> None:
    refuse_weak(SecretText(pin))


def test_few_pins_are_lost() -> None:
    weak = [number for number in range(10_000) if is_weak(SecretText(f"{number:04d}"))]
    assert len(weak) == 10 + 90 + 10 + 10  # one digit, two digits twice, runs up, runs down


@given(pins)
def test_a_pins_digits(pin: str) -> None:
    assert checked(SecretText(pin)) == pin


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "12 4", "١٢٣٤", "-123"])
def test_what_is_no_pin(pin: str) -> None:
    for refusing in (checked, is_weak, refuse_weak):
        with pytest.raises(PinError) as error:
            refusing(SecretText(pin))
        assert error.value.code == "PIN_DIGITS"
        assert pin == "" or pin not in str(error.value)
