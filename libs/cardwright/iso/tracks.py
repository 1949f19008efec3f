"""ISO/IEC 7813: the contents of stripe tracks 1 (structure B) and 2 of a financial card.

Text runs from start to end sentinel. The longitudinal redundancy check is the stripe's business
(``cardwright.iso.stripe``), yet it counts in the length limits of the standard.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from cardwright.iso.errors import TrackError
from cardwright.iso.pan import Pan
from cardwright.secret import SecretText

__all__ = ["TRACK1_MAX", "TRACK2_MAX", "Expiry", "ServiceCode", "Track1", "Track2"]

TRACK1_MAX = 79
TRACK2_MAX = 40

# ISO/IEC 7811-6 keeps the other characters of track 1 for hardware control and national use.
_INFORMATION = r"[ $()\-./0-9A-Z]"
_NAME = re.compile(_INFORMATION + "{2,26}")
_TRACK1_DATA = re.compile(_INFORMATION + "*")
_TRACK2_DATA = re.compile("[0-9]*")
_TRACK1 = re.compile(r"%B([0-9]{12,19})\^([^^?]{2,26})\^([0-9]{4})([0-9]{3})([^^?]*)\?")
_TRACK2 = re.compile(r";([0-9]{12,19})=([0-9]{4})([0-9]{3})([0-9]*)\?")


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """The last month in which a card is good. Two-digit years mean 2000 to 2099.

    Raises:
        TrackError: EXPIRY_FORMAT for a year or month outside those bounds.
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (2000 <= self.year <= 2099 and 1 <= self.month <= 12):
            raise TrackError("EXPIRY_FORMAT", "An expiry is a month (1-12) of 2000 to 2099")

    @classmethod
    def from_yymm(cls, text: str) -> Self:
        """Read four digits, year first, as the tracks hold them."""
        if not (len(text) == 4 and text.isascii() and text.isdigit()):
            raise TrackError("EXPIRY_FORMAT", "An expiry is four digits, YYMM")
        return cls(2000 + int(text[:2]), int(text[2:]))

    @property
    def yymm(self) -> str:
        """Year then month: the order of the tracks and the chip."""
        return f"{self.year % 100:02d}{self.month:02d}"

    @property
    def mmyy(self) -> str:
        """Month then year: the order of the card's face."""
        return f"{self.month:02d}{self.year % 100:02d}"

    def last_day(self) -> dt.date:
        """Return the last day of the month: the card is good through it."""
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])


_INTERCHANGE = {
    "1": "international interchange",
    "2": "international interchange, use the chip where feasible",
    "5": "national interchange, except under bilateral agreement",
    "6": "national interchange, except under bilateral agreement, use the chip where feasible",
    "7": "no interchange, except under bilateral agreement",
    "9": "test card",
}
_AUTHORISATION = {
    "0": "normal",
    "2": "by the issuer, on line",
    "4": "by the issuer, on line, except under bilateral agreement",
}
_SERVICES = {
    "0": "no restrictions, PIN required",
    "1": "no restrictions",
    "2": "goods and services only",
    "3": "cash machine only, PIN required",
    "4": "cash only",
    "5": "goods and services only, PIN required",
    "6": "no restrictions, PIN where feasible",
    "7": "goods and services only, PIN where feasible",
}


@dataclass(frozen=True, slots=True)
class ServiceCode:
    """Three digits that tell a terminal where and how a card may be used.

    Raises:
        TrackError: SERVICE_CODE_FORMAT when a digit has no meaning in ISO/IEC 7813.
    """

    digits: str

    def __post_init__(self) -> None:
        tables = (_INTERCHANGE, _AUTHORISATION, _SERVICES)
        if len(self.digits) != 3 or any(
            d not in table for d, table in zip(self.digits, tables, strict=True)
        ):
            raise TrackError(
                "SERVICE_CODE_FORMAT",
                "A service code is three digits from the tables of ISO/IEC 7813, such as 201",
            )

    @property
    def has_chip(self) -> bool:
        """Whether the first digit announces a chip."""
        return self.digits[0] in "26"

    def meaning(self) -> tuple[str, str, str]:
        """Say what the three digits mean: interchange, authorisation, services and PIN."""
        return (
            _INTERCHANGE[self.digits[0]],
            _AUTHORISATION[self.digits[1]],
            _SERVICES[self.digits[2]],
        )


@dataclass(frozen=True, slots=True)
class Track1:
    """Track 1, structure B: account, cardholder's name, expiry, service code, issuer's data.

    Raises:
        TrackError: TRACK_CHARACTER or TRACK_LENGTH (79 with sentinels and redundancy check).
    """

    pan: Pan
    name: SecretText
    expiry: Expiry
    service_code: ServiceCode
    discretionary: SecretText

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name.reveal()):
            raise TrackError(
                "TRACK_CHARACTER", "A track-1 name is 2 to 26 characters; use stripe_name()"
            )
        _check_discretionary(_TRACK1_DATA, self.discretionary)
        # % B ^ ^ YYMM service-code ? and the redundancy check: 13 beside the three parts.
        _check_length(len(self.pan) + len(self.name) + len(self.discretionary) + 13, TRACK1_MAX)

    def encode(self) -> SecretText:
        """Return the characters from start to end sentinel."""
        return SecretText(
            f"%B{self.pan.reveal()}^{self.name.reveal()}^"
            f"{self.expiry.yymm}{self.service_code.digits}{self.discretionary.reveal()}?"
        )

    @classmethod
    def parse(cls, text: SecretText) -> Self:
        """Read what ``encode`` writes.

        Raises:
            TrackError: TRACK_FORMAT when the fields are not where structure B has them, and the
                codes of the fields themselves.
            PanError: the account number fails its own check.
        """
        pan, name, expiry, service_code, data = _fields(_TRACK1, text)
        return cls(
            Pan(pan),
            SecretText(name),
            Expiry.from_yymm(expiry),
            ServiceCode(service_code),
            SecretText(data),
        )


@dataclass(frozen=True, slots=True)
class Track2:
    """Track 2: account, expiry, service code, issuer's data; digits only.

    Raises:
        TrackError: TRACK_CHARACTER or TRACK_LENGTH (40 with sentinels and redundancy check).
    """

    pan: Pan
    expiry: Expiry
    service_code: ServiceCode
    discretionary: SecretText

    def __post_init__(self) -> None:
        _check_discretionary(_TRACK2_DATA, self.discretionary)
        # ; = YYMM service-code ? and the redundancy check: 11 beside the two parts.
        _check_length(len(self.pan) + len(self.discretionary) + 11, TRACK2_MAX)

    def encode(self) -> SecretText:
        """Return the characters from start to end sentinel."""
        return SecretText(
            f";{self.pan.reveal()}={self.expiry.yymm}"
            f"{self.service_code.digits}{self.discretionary.reveal()}?"
        )

    @classmethod
    def parse(cls, text: SecretText) -> Self:
        """Read what ``encode`` writes; errors as for ``Track1.parse``."""
        pan, expiry, service_code, data = _fields(_TRACK2, text)
        return cls(Pan(pan), Expiry.from_yymm(expiry), ServiceCode(service_code), SecretText(data))


def _fields(layout: re.Pattern[str], text: SecretText) -> tuple[str, ...]:
    match = layout.fullmatch(text.reveal())
    if match is None:
        raise TrackError(
            "TRACK_FORMAT", "The track's sentinels, separators or fields are not as ISO/IEC 7813"
        )
    return match.groups()


def _check_discretionary(allowed: re.Pattern[str], data: SecretText) -> None:
    if not allowed.fullmatch(data.reveal()):
        raise TrackError(
            "TRACK_CHARACTER", "The discretionary data have a character that the track can't hold"
        )


def _check_length(length: int, limit: int) -> None:
    if length > limit:
        raise TrackError(
            "TRACK_LENGTH",
            f"The track takes {length} characters and holds {limit}; shorten its issuer's data",
        )
