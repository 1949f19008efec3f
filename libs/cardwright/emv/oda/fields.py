"""The fields that certificates have in common (EMV Book 2, clauses 5.1, 6.1 and 7.1)."""

from __future__ import annotations

import datetime as dt

from cardwright.emv.oda.errors import OdaError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry

__all__ = [
    "check_current",
    "expiry_field",
    "issuer_field",
    "number_field",
    "pan_field",
    "read_expiry",
    "read_issuer",
]


def issuer_field(identifier: str) -> bytes:
    """Code the issuer identifier: the account number's first 3 to 8 digits, F to the right.

    Raises:
        OdaError: FIELD_VALUE.
    """
    if not (3 <= len(identifier) <= 8 and identifier.isascii() and identifier.isdigit()):
        raise OdaError("FIELD_VALUE", "An issuer identifier is 3 to 8 digits")
    return bytes.fromhex(identifier.ljust(8, "F"))


def read_issuer(field: bytes) -> str:
    """Return the digits of a 4-octet issuer identifier.

    Raises:
        OdaError: FIELD_VALUE.
    """
    identifier = field.hex().rstrip("f")
    if issuer_field(identifier) != field:
        raise OdaError("FIELD_VALUE", "An issuer identifier has 4 octets")
    return identifier


def pan_field(pan: Pan) -> bytes:
    """Code the account number in 10 octets, F to the right."""
    return bytes.fromhex(pan.digits().ljust(20, "F"))


def expiry_field(expiry: Expiry) -> bytes:
    """Code the certificate's last month, MMYY in two octets."""
    return bytes.fromhex(expiry.mmyy)


def read_expiry(field: bytes) -> Expiry:
    """Return the month of two octets MMYY; years are 2000 to 2099.

    Raises:
        OdaError: FIELD_VALUE.
    """
    digits = field.hex()
    if not (len(digits) == 4 and digits.isdigit() and 1 <= int(digits[:2]) <= 12):
        raise OdaError("FIELD_VALUE", "A certificate's expiry is MMYY in two octets")
    return Expiry(2000 + int(digits[2:]), int(digits[:2]))


def number_field(number: int) -> bytes:
    """Code a serial number, tracking number or key index in three octets.

    Raises:
        OdaError: FIELD_VALUE unless it is 0 to 16,777,215.
    """
    if not 0 <= number <= 0xFFFFFF:
        raise OdaError("FIELD_VALUE", "A serial number or index is 0 to 16777215")
    return number.to_bytes(3, "big")


def check_current(expiry: Expiry, today: dt.date) -> None:
    """Refuse a certificate whose last month is over.

    Raises:
        OdaError: CERTIFICATE_EXPIRED.
    """
    if today > expiry.last_day():
        raise OdaError("CERTIFICATE_EXPIRED", "The certificate's last month is over; get a new one")
