"""ISO/IEC 7812-1 annex B: the modulus 10 "double-add-double" check digit."""

from __future__ import annotations

from cardwright.iso.errors import LuhnError

__all__ = ["check_digit", "is_valid"]

# Both tables turn an ASCII digit into what it adds to the sum, so a sum is two C-speed passes.
_ONCE = bytes.maketrans(b"0123456789", bytes(range(10)))
_TWICE = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))


def check_digit(digits: str) -> str:
    """Return the digit that, appended to ``digits``, makes the number valid.

    Raises:
        LuhnError: LUHN_DIGITS when ``digits`` is empty or holds anything but 0-9.

    >>> check_digit("7992739871")
    '3'
    """
    if not _decimal(digits):
        raise LuhnError("LUHN_DIGITS", "A check digit needs one or more decimal digits; pass those")
    octets = digits.encode()
    total = sum(octets[-1::-2].translate(_TWICE)) + sum(octets[-2::-2].translate(_ONCE))
    return str(-total % 10)


def is_valid(digits: str) -> bool:
    """Tell whether the last digit of ``digits`` checks the others; False for a non-number.

    >>> is_valid("79927398713")
    True
    """
    if len(digits) < 2 or not _decimal(digits):
        return False
    octets = digits.encode()
    total = sum(octets[-1::-2].translate(_ONCE)) + sum(octets[-2::-2].translate(_TWICE))
    return total % 10 == 0


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()
