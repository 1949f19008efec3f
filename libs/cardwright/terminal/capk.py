"""Certification authority public keys, and the JSON list in which a (test) authority gives them.

The list is an array, or an object whose ``keys`` is one, of objects with the fields ``rid``,
``index``, ``modulus``, ``exponent``, ``expiry`` and ``checksum`` (or ``check_sum``): strings of
hexadecimal digits, an exponent may also be a number. An expiry is a month, ``YYYY-MM`` or MMYY as
certificates have it, or a day, YYYYMMDD. Other fields are ignored.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from cardwright.terminal.errors import ProfileError

__all__ = ["CaPublicKey", "find_ca_key", "load_ca_keys"]


@dataclass(frozen=True, slots=True)
class CaPublicKey:
    """One key of a certification authority (EMV Book 2, 11.2.1, and Book 4 table 10).

    Attributes:
        rid: the payment system's registered identifier, 5 octets.
        index: which of its keys.
        modulus: big-endian, 64 to 248 octets.
        exponent: 3 or 65537.
        expiry: the last day on which the key may be used.

    Raises:
        ProfileError: CA_KEY_FORMAT.
    """

    rid: bytes
    index: int
    modulus: bytes
    exponent: int
    expiry: dt.date

    def __post_init__(self) -> None:
        if (
            len(self.rid) != 5
            or not 0 <= self.index <= 0xFF
            or not 64 <= len(self.modulus) <= 248
            or self.modulus[0] < 0x80
            or self.exponent not in {3, 65537}
        ):
            raise _malformed()

    @property
    def checksum(self) -> bytes:
        """SHA-1 over RID, index, modulus and exponent, 20 octets (Book 2, 11.2.1)."""
        exponent = self.exponent.to_bytes(1 if self.exponent == 3 else 3, "big")
        data = self.rid + bytes((self.index,)) + self.modulus + exponent
        return sha1(data, usedforsecurity=False).digest()


def load_ca_keys(document: str | bytes) -> tuple[CaPublicKey, ...]:
    """Read an authority's list and check each key against its checksum.

    Raises:
        ProfileError: CA_KEY_FORMAT, CA_KEY_CHECKSUM, or CA_KEY_TWICE for a RID and index that the
            list has before.
    """
    try:
        parsed = json.loads(document)
        entries = parsed["keys"] if isinstance(parsed, dict) else parsed
        keys = tuple(_load(entry) for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ProfileError):
            raise
        raise _malformed() from error
    if len({(key.rid, key.index) for key in keys}) != len(keys):
        raise ProfileError("CA_KEY_TWICE", "Two keys of the list have the same RID and index")
    return keys


def find_ca_key(keys: Iterable[CaPublicKey], rid: bytes, index: int) -> CaPublicKey | None:
    """Return the key of that payment system and index, or None."""
    return next((key for key in keys if (key.rid, key.index) == (rid, index)), None)


def _load(entry: Mapping[str, Any]) -> CaPublicKey:
    exponent = entry["exponent"]
    key = CaPublicKey(
        bytes.fromhex(entry["rid"]),
        int(entry["index"], 16),
        bytes.fromhex(entry["modulus"]),
        exponent if isinstance(exponent, int) else int(exponent, 16),
        _expiry(entry["expiry"]),
    )
    stated = entry["check_sum"] if "check_sum" in entry else entry["checksum"]
    if bytes.fromhex(stated) != key.checksum:
        raise ProfileError("CA_KEY_CHECKSUM", "A key's checksum is wrong: get the list again")
    return key


def _expiry(text: str) -> dt.date:
    digits = text.replace("-", "")
    if len(digits) == 8:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if len(digits) == 6:
        return _end_of_month(int(digits[:4]), int(digits[4:]))
    if len(digits) == 4:
        return _end_of_month(2000 + int(digits[2:]), int(digits[:2]))
    raise ValueError("neither a month nor a day")


def _end_of_month(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _malformed() -> ProfileError:
    return ProfileError("CA_KEY_FORMAT", "This is no list of CA public keys as EMV Book 2 has them")
