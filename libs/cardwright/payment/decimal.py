"""Decimal digits out of a cipher's result, as CVV, PVV and EMV's derivation option B take them."""

from __future__ import annotations

__all__ = ["decimalized"]

_LETTERS = str.maketrans("abcdef", "012345")
_DROP_LETTERS = str.maketrans("", "", "abcdef")
_DROP_DIGITS = str.maketrans("", "", "0123456789")


def decimalized(octets: bytes) -> str:
    """Return the hexadecimal digits' decimals in order, then their letters less ten.

    >>> decimalized(bytes.fromhex("24E1A05574051BBF"))
    '2410557405140115'
    """
    digits = octets.hex()
    return digits.translate(_DROP_LETTERS) + digits.translate(_DROP_DIGITS).translate(_LETTERS)
