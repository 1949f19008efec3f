"""Card Verification Results, and the Issuer Application Data (9F10) that carries them.

Two formats. *Core*: 32 octets, EMV 4.4 Book 3, common core definitions, C9. *Short*: 7 octets or
more, as published descriptions of Visa's VIS have it: 06, derivation key index, cryptogram version,
03, three octets of results.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = [
    "DEFAULT_DATA",
    "SIGNS_RESULTS_ALONE",
    "TDES_VERSIONS",
    "VISA_VERSIONS",
    "Kind",
    "Results",
    "card_verification_results",
    "issuer_application_data",
    "version",
]

_CORE_SIZE, _CORE_RESULTS = 32, slice(3, 8)
_SHORT_RESULTS = slice(4, 7)

SIGNS_RESULTS_ALONE = 0x0A
"""Visa's version 10: of the Issuer Application Data the results go into the cryptogram alone."""

VISA_VERSIONS = (SIGNS_RESULTS_ALONE, 0x12)
"""Versions of the short format."""

TDES_VERSIONS = (*VISA_VERSIONS, 0xA5)
"""Versions that are made by triple DES."""

DEFAULT_DATA: Final = bytes.fromhex("06011203000000")
"""Key index 1, cryptogram version 18."""

_SDA_FAILED, _DDA_FAILED = 0x40, 0x0C


class Kind(IntEnum):
    """Types of application cryptogram, coded as in the Cryptogram Information Data."""

    AAC = 0x00
    TC = 0x40
    ARQC = 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the card tells its issuer about this transaction and the last.

    Attributes:
        first: what the first GENERATE AC answers.
        second: what the second one does; None in the first.
        cda, dda: a signature was given.
        pin_tries: tries left.
        pin_blocked: there is a PIN, and no try is left.
        pin_tried, pin_failed: a VERIFY came; none succeeded.
        unable_online: the terminal could not go online.
        issuer_failed_now: issuer authentication failed in this transaction.
        issuer_failed, issuer_skipped: in this one or the last.
        incomplete: the last online transaction was broken off.
        lower_exceeded, upper_exceeded: limits of consecutive offline transactions.
        scripts: script commands that succeeded, up to 15.
        script_failed: one failed.
        authentication_failed: see ``Registers``.
        go_online: the issuer asked for it.
    """

    first: Kind
    second: Kind | None
    cda: bool
    dda: bool
    pin_tries: int
    pin_blocked: bool
    pin_tried: bool
    pin_failed: bool
    unable_online: bool
    issuer_failed_now: bool
    issuer_failed: bool
    issuer_skipped: bool
    incomplete: bool
    lower_exceeded: bool
    upper_exceeded: bool
    scripts: int
    script_failed: bool
    authentication_failed: int
    go_online: bool

    def core(self) -> bytes:
        """Five octets (Book 3, table CCD 10)."""
        limits = self.lower_exceeded << 3 | self.upper_exceeded << 2
        oda_failed = bool(self.authentication_failed)
        return bytes((
            _octet(self._types(), self.cda, self.dda, self.issuer_skipped, self.issuer_failed),
            _octet(self.pin_tries, self.pin_tried, self.pin_failed, self.pin_blocked,
                   self.incomplete),
            limits << 4,
            _octet(self.scripts, self.script_failed, oda_failed, self.go_online,
                   self.unable_online),
            0,
        ))  # fmt: skip

    def short(self) -> bytes:
        """Three octets."""
        exceeded = self.lower_exceeded or self.upper_exceeded
        flags = self.incomplete << 3 | self.pin_blocked << 2 | exceeded << 1
        return bytes((
            _octet(self._types(), self.issuer_failed_now, self.pin_tried, self.pin_failed,
                   self.unable_online),
            _octet(flags, self.issuer_failed, self.issuer_skipped, False,
                   bool(self.authentication_failed & _SDA_FAILED)),
            _octet(self.scripts, self.script_failed,
                   bool(self.authentication_failed & _DDA_FAILED), self.dda or self.cda, False),
        ))  # fmt: skip

    def _types(self) -> int:
        second = 0b10 if self.second is None else self.second >> 6
        return second << 2 | self.first >> 6


def version(data: bytes) -> int | None:
    """The cryptogram version that Issuer Application Data names; None for an unknown format."""
    if _is_core(data):
        return data[1]
    return data[2] if _is_short(data) else None


def issuer_application_data(template: bytes, results: Results) -> bytes:
    """The template from personalization with the results in their place."""
    filled = bytearray(template)
    if _is_core(template):
        filled[_CORE_RESULTS] = results.core()
    else:
        filled[_SHORT_RESULTS] = results.short()
    return bytes(filled)


def card_verification_results(data: bytes) -> bytes:
    """The results within short Issuer Application Data, their length 03 before them."""
    return data[3:7]


def _octet(high: int, b4: bool, b3: bool, b2: bool, b1: bool) -> int:
    return high << 4 | b4 << 3 | b3 << 2 | b2 << 1 | b1


def _is_core(data: bytes) -> bool:
    return len(data) == _CORE_SIZE and data[0] == data[16] == 0x0F


def _is_short(data: bytes) -> bool:
    return 7 <= len(data) <= 32 and data[0] == 0x06 and data[3] == 0x03
