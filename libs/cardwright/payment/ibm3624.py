"""IBM 3624 PINs: one that follows from the account number, and the offset to the holder's own.

The validation data, digits of the account number, are one block of triple DES; a table turns the
result's hexadecimal digits into decimals, and the first of these are the natural PIN. An offset is
added digit by digit, without carry (IBM CCA, "IBM 3624 PIN-calculation method").

Whoever may choose the table learns a PIN in some fifteen trials (Bond and Zielinski,
"Decimalisation table attacks for PIN cracking", 2003). A ``Scheme`` therefore belongs to a key, not
to a request, and refuses tables that map many digits to one.
"""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass

from cardwright.cipher import Tdes
from cardwright.payment.errors import PinError
from cardwright.payment.pin import checked
from cardwright.secret import SecretText

__all__ = ["Scheme", "customer_pin", "natural_pin", "offset", "verify"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """An issuer's rules for a PIN verification key.

    Attributes:
        table: 16 decimals, one for each hexadecimal digit: at least eight different ones, none
            more than four times.
        start: where in the account number the validation data begin, from 0.
        length: how many digits they are, 4 to 16.
        pad: the hexadecimal digit that fills them up to 16 on the right.

    Raises:
        PinError: PIN_TABLE or PIN_VALIDATION.
    """

    table: str = "0123456789012345"
    start: int = 0
    length: int = 16
    pad: str = "F"

    def __post_init__(self) -> None:
        counts = Counter(self.table).values()
        if len(self.table) != 16 or not (self.table.isascii() and self.table.isdigit()):
            raise PinError("PIN_TABLE", "A decimalization table is 16 decimal digits")
        if len(counts) < 8 or max(counts) > 4:
            raise PinError(
                "PIN_TABLE",
                "A decimalization table needs eight different digits, none more than four times",
            )
        if self.start < 0 or not 4 <= self.length <= 16:
            raise PinError("PIN_VALIDATION", "Validation data are 4 to 16 of the PAN's digits")
        if len(self.pad) != 1 or self.pad not in "0123456789ABCDEFabcdef":
            raise PinError("PIN_VALIDATION", "Validation data are padded with a hexadecimal digit")

    def validation_data(self, pan: SecretText) -> bytes:
        """Return the block that is enciphered, 8 octets.

        Raises:
            PinError: PIN_VALIDATION when the account number has no such digits.
        """
        digits = pan.reveal()[self.start : self.start + self.length]
        if not (len(digits) == self.length and digits.isascii() and digits.isdigit()):
            raise PinError("PIN_VALIDATION", "The account number is too short for this scheme")
        return bytes.fromhex(digits.ljust(16, self.pad))


def natural_pin(key: Tdes, scheme: Scheme, pan: SecretText, length: int = 4) -> SecretText:
    """Return the PIN that follows from the account number.

    Args:
        key: the PIN verification key, 16 or 24 octets.
        scheme: the issuer's rules.
        pan: the account number.
        length: 4 to 12 digits.

    Raises:
        PinError: PIN_DIGITS for a length that no PIN has; PIN_VALIDATION.

    >>> from cardwright.cipher import ClearTdes
    >>> from cardwright.secret import SecretBytes
    >>> key = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
    >>> natural_pin(key, Scheme("1234567890123456"), SecretText("1122334455667788")).reveal()
    '4524'
    """
    if not 4 <= length <= 12:
        raise PinError("PIN_DIGITS", "A PIN has 4 to 12 digits; ask for such a length")
    result = key.encrypt(scheme.validation_data(pan)).hex()
    return SecretText("".join(scheme.table[int(digit, 16)] for digit in result[:length]))


def offset(key: Tdes, scheme: Scheme, pan: SecretText, pin: SecretText) -> str:
    """Return the digits that lead from the natural PIN to the holder's, as many as that has.

    Raises:
        PinError: PIN_DIGITS or PIN_VALIDATION.
    """
    digits = checked(pin)
    natural = natural_pin(key, scheme, pan, len(digits)).reveal()
    return "".join(str((int(a) - int(b)) % 10) for a, b in zip(digits, natural, strict=True))


def customer_pin(key: Tdes, scheme: Scheme, pan: SecretText, offset_digits: str) -> SecretText:
    """Return the holder's PIN: the natural PIN and the offset.

    Raises:
        PinError: PIN_OFFSET unless it is 4 to 12 decimal digits; PIN_VALIDATION.
    """
    if not (4 <= len(offset_digits) <= 12 and offset_digits.isascii() and offset_digits.isdigit()):
        raise PinError("PIN_OFFSET", "An offset is 4 to 12 decimal digits, as many as the PIN has")
    natural = natural_pin(key, scheme, pan, len(offset_digits)).reveal()
    sums = ((int(a) + int(b)) % 10 for a, b in zip(natural, offset_digits, strict=True))
    return SecretText("".join(map(str, sums)))


def verify(key: Tdes, scheme: Scheme, pan: SecretText, offset_digits: str, pin: SecretText) -> bool:
    """Tell whether a PIN is the holder's.

    Raises:
        PinError: PIN_OFFSET, PIN_DIGITS or PIN_VALIDATION.
    """
    expected = customer_pin(key, scheme, pan, offset_digits).reveal()
    return hmac.compare_digest(expected.encode(), checked(pin).encode())
