"""DES keys that nobody may use: of wrong parity, weak, semi-weak or of equal parts (SP 800-67).

Ciphers take any key: handles show no value, and derived keys are weak once in 2 to the 52nd. Where
a key's value enters or is made, ``refuse_weak`` is asked.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cardwright.cipher import CipherError, odd_parity
from cardwright.secret import SecretBytes

__all__ = ["refuse_weak"]

# Under the first four, enciphering twice gives the plain text back; the others do so in pairs.
_WEAK: Final = frozenset(
    bytes.fromhex(key)
    for key in (
        *("0101010101010101", "FEFEFEFEFEFEFEFE", "E0E0E0E0F1F1F1F1", "1F1F1F1F0E0E0E0E"),
        *("011F011F010E010E", "1F011F010E010E01", "01E001E001F101F1", "E001E001F101F101"),
        *("01FE01FE01FE01FE", "FE01FE01FE01FE01", "1FE01FE00EF10EF1", "E01FE01FF10EF10E"),
        *("1FFE1FFE0EFE0EFE", "FE1FFE1FFE0EFE0E", "E0FEE0FEF1FEF1FE", "FEE0FEE0FEF1FEF1"),
    )
)


def refuse_weak(key: SecretBytes) -> None:
    """Refuse a triple DES key that is no better than single DES, or that parity says is damaged.

    Args:
        key: 16 or 24 octets. The first and third part of a triple-length key may be equal: that
            is a double-length key.

    Raises:
        CipherError: KEY_LENGTH, KEY_PARITY (an octet's count of ones is even), KEY_WEAK (a part is
            a weak or semi-weak DES key) or KEY_PARTS (two neighbours are equal, so that enciphering
            and deciphering cancel out).
    """
    value = key.reveal()
    if len(value) not in {16, 24}:
        raise CipherError("KEY_LENGTH", "A triple DES key has 16 or 24 octets")
    if value != odd_parity(value):
        raise CipherError("KEY_PARITY", "A DES key's octets have odd parity; enter the key again")
    parts = [value[at : at + 8] for at in range(0, len(value), 8)]
    if not _WEAK.isdisjoint(parts):
        raise CipherError("KEY_WEAK", "A part is a weak or semi-weak DES key; make another key")
    if any(left == right for left, right in pairwise(parts)):
        raise CipherError("KEY_PARTS", "Equal parts make triple DES single; make another key")
