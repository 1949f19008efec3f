"""What one card has for itself, and its data objects."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from cardwright.emv.errors import EmvError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.secret import SecretText

__all__ = ["CardValues", "card_objects", "numeric"]

_TRACK2_EQUIVALENT_MAX: Final = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class CardValues:
    """What one card has for itself.

    Attributes:
        pan: application PAN (5A).
        psn: PAN sequence number (5F34), two digits.
        expiry: the last month of the application (5F24 is its last day).
        effective: the first day of the application (5F25).
        service_code: 5F30, and within track 2 equivalent data.
        track2_discretionary: issuer's digits of track 2 equivalent data (57), the iCVV among them.
        stripe_name: cardholder's name as on track 1 (5F20).

    Raises:
        EmvError: CARD_VALUE, naming the attribute.
    """

    pan: Pan
    psn: str
    expiry: Expiry
    effective: dt.date
    service_code: ServiceCode
    track2_discretionary: SecretText
    stripe_name: SecretText

    def __post_init__(self) -> None:
        digits = self.track2_discretionary.reveal()
        track2_digits = len(self.pan) + len(digits) + 8  # separator, YYMM, service code
        for name, good in (
            ("psn", len(self.psn) == 2 and _decimal(self.psn)),
            ("effective", self.effective <= self.expiry.last_day()),
            (
                "track2_discretionary",
                (not digits or _decimal(digits)) and track2_digits <= 2 * _TRACK2_EQUIVALENT_MAX,
            ),
            (
                "stripe_name",
                2 <= len(self.stripe_name) <= 26 and self.stripe_name.reveal().isascii(),
            ),
        ):
            if not good:
                raise EmvError("CARD_VALUE", f"The card's {name} is not as EMV Book 3 has it")


def card_objects(values: CardValues) -> dict[int, bytes]:
    """Return the card's own data objects, tag to value."""
    track2 = (
        f"{values.pan.digits()}D{values.expiry.yymm}"
        f"{values.service_code.digits}{values.track2_discretionary.reveal()}"
    )
    return {
        0x57: _compressed(track2),
        0x5F20: values.stripe_name.reveal().encode(),
        0x5A: _compressed(values.pan.digits()),
        0x5F24: numeric(f"{values.expiry.last_day():%y%m%d}"),
        0x5F25: numeric(f"{values.effective:%y%m%d}"),
        0x5F30: numeric(values.service_code.digits),
        0x5F34: numeric(values.psn),
    }


def numeric(digits: str) -> bytes:
    """Format n: right-justified, a leading zero where the count is odd."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def _compressed(digits: str) -> bytes:
    """Format cn: left-justified, a trailing F where the count is odd."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "F")


def _decimal(text: str) -> bool:
    return text.isascii() and text.isdigit()
