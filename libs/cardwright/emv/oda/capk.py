"""The payment systems' public keys, as terminals hold them (EMV Book 2, clause 11.2).

A key is named by its RID and index and has a check sum: SHA-1 over RID, index, modulus and
exponent. ``dump_keys`` writes a list of them as JSON, hexadecimal in capitals; ``load_keys`` takes
nothing whose check sum differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cardwright.emv.oda import signature
from cardwright.emv.oda.certificate import LEAST_LENGTH, MOST_LENGTH
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.rsa import RsaPublic
from cardwright.iso.tracks import Expiry

__all__ = ["AuthorityKey", "dump_keys", "find_key", "load_keys"]

_FORMAT = "cardwright-capk/1"


@dataclass(frozen=True, slots=True)
class AuthorityKey:
    """A certification authority's public key.

    Attributes:
        rid: the payment system, 5 octets.
        index: which of its keys, 0 to 255 (tag 8F).
        key: the key itself, 768 to 1984 bits.
        expiry: the last month in which terminals accept it.

    Raises:
        OdaError: FIELD_VALUE or KEY_LENGTH.
    """

    rid: bytes
    index: int
    key: RsaPublic
    expiry: Expiry

    def __post_init__(self) -> None:
        if len(self.rid) != 5 or not 0 <= self.index <= 0xFF:
            raise OdaError("FIELD_VALUE", "An authority's key has a RID of 5 octets and an index")
        if not LEAST_LENGTH <= self.key.length <= MOST_LENGTH:
            raise OdaError("KEY_LENGTH", "An authority's modulus has 768 to 1984 bits")

    def check_sum(self) -> bytes:
        """Return the 20-octet check sum."""
        octets = self.rid + bytes((self.index,)) + self.key.modulus + self.key.exponent_octets
        return signature.digest(octets)


def find_key(keys: Iterable[AuthorityKey], rid: bytes, index: int) -> AuthorityKey:
    """Return the key of a card's RID (its AID's first 5 octets) and index (8F).

    Raises:
        OdaError: CAPK_UNKNOWN.
    """
    for key in keys:
        if (key.rid, key.index) == (rid, index):
            return key
    raise OdaError("CAPK_UNKNOWN", "No key of this RID and index is known; load the system's keys")


def dump_keys(keys: Iterable[AuthorityKey]) -> str:
    """Return the keys as JSON."""
    rows = [
        {
            "rid": key.rid.hex().upper(),
            "index": f"{key.index:02X}",
            "modulus": key.key.modulus.hex().upper(),
            "exponent": key.key.exponent,
            "expiry": f"{key.expiry.year}-{key.expiry.month:02d}",
            "check_sum": key.check_sum().hex().upper(),
        }
        for key in keys
    ]
    return json.dumps({"format": _FORMAT, "keys": rows}, indent=2)


def load_keys(text: str) -> tuple[AuthorityKey, ...]:
    """Read what ``dump_keys`` writes.

    Raises:
        OdaError: CAPK_FORMAT, or CAPK_CHECK_SUM for a key that is not the one that was written.
    """
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise _malformed()
        return tuple(_load(row) for row in document["keys"])
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError):
        raise _malformed() from None


def _load(row: dict[str, Any]) -> AuthorityKey:
    try:
        year, month = row["expiry"].split("-")
        key = AuthorityKey(
            bytes.fromhex(row["rid"]),
            int(row["index"], 16),
            RsaPublic(bytes.fromhex(row["modulus"]), row["exponent"]),
            Expiry(int(year), int(month)),
        )
        stated = bytes.fromhex(row["check_sum"])
    except ValueError:  # our own errors are among them
        raise _malformed() from None
    if key.check_sum() != stated:
        raise OdaError("CAPK_CHECK_SUM", "A key's check sum differs; get the list again")
    return key


def _malformed() -> OdaError:
    return OdaError("CAPK_FORMAT", "This is no list of authority keys; export it again")
