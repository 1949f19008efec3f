"""Visa's PIN verification value: four digits by which the issuer knows a PIN without keeping it.

The stripe carries it, or the issuer's database: the account number's last eleven digits before the
check digit, the key's index and the PIN's first four digits make one block of triple DES, and the
digits of the result, then its letters less ten, give the value (IBM CCA, "PVV generation
algorithm", says the same).
"""

from __future__ import annotations

import hmac

from cardwright.cipher import Tdes
from cardwright.payment.decimal import decimalized
from cardwright.payment.errors import PinError
from cardwright.payment.pin import checked
from cardwright.secret import SecretText

__all__ = ["pvv", "verify"]


def pvv(key: Tdes, index: int, pan: SecretText, pin: SecretText) -> str:
    """Return the four digits.

    Args:
        key: the PIN verification key, halves A and B, 16 octets.
        index: which of the issuer's keys it is (PVKI), 1 to 6.
        pan: 12 to 19 digits.
        pin: 4 to 12 digits, of which the first four count.

    Raises:
        PinError: PIN_KEY, PIN_INDEX, PIN_PAN or PIN_DIGITS.

    >>> from cardwright.cipher import ClearTdes
    >>> from cardwright.secret import SecretBytes
    >>> key = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
    >>> pvv(key, 3, SecretText("1122334455667788"), SecretText("4524"))
    '4021'
    """
    if key.length != 16:
        raise PinError("PIN_KEY", "A PIN verification key has 16 octets, halves A and B")
    if not 1 <= index <= 6:
        raise PinError("PIN_INDEX", "A PIN verification key's index is 1 to 6")
    digits = pan.reveal()
    if not (12 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        raise PinError("PIN_PAN", "A PVV needs an account number of 12 to 19 digits")
    parameter = f"{digits[-12:-1]}{index}{checked(pin)[:4]}"
    return decimalized(key.encrypt(bytes.fromhex(parameter)))[:4]


def verify(key: Tdes, index: int, pan: SecretText, pin: SecretText, value: str) -> bool:
    """Tell whether a PIN has this value; one in 10,000 other PINs has it too.

    Raises:
        PinError: as for ``pvv``.
    """
    return hmac.compare_digest(pvv(key, index, pan, pin).encode(), value.encode())
