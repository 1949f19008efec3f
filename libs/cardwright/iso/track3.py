"""ISO/IEC 4909: the contents of stripe track 3, which terminals may write again.

Text runs from start to end sentinel; the redundancy check is the stripe's business, yet it counts
in the length limit. A field that the issuer leaves out is a field separator, where the standard
allows that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cardwright.iso.errors import TrackError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretText

__all__ = ["TRACK3_MAX", "Track3"]

TRACK3_MAX: Final = 107
_SEPARATOR: Final = "="
_FIXED: Final = {
    "format_code": 2,
    "country": 3,
    "currency": 3,
    "exponent": 1,
    "amount_authorized": 4,
    "amount_remaining": 4,
    "cycle_begin": 4,
    "cycle_length": 2,
    "retry_count": 1,
    "pin_parameters": 6,
    "interchange_control": 1,
    "service": 2,
    "service_first": 2,
    "service_second": 2,
    "sequence_number": 1,
    "security_number": 9,
    "relay_marker": 1,
    "check_digits": 6,
}
_OPTIONAL: Final = frozenset({"country", "sequence_number", "security_number", "check_digits"})


@dataclass(frozen=True, slots=True)
class Track3:
    """Track 3 by the standard's fields, as digits; an optional one may be empty.

    Attributes:
        pan: account number.
        expiry: last month; None leaves it to track 2.
        format_code: "01" or "02", the standard's; 90 to 99 are the issuer's own.
        country: ISO 3166; optional.
        currency: ISO 4217.
        exponent: how many zeros amounts lack at their end.
        amount_authorized: per cycle.
        amount_remaining: of this cycle.
        cycle_begin: last digit of the year, day of the year.
        cycle_length: days, or codes of the standard.
        retry_count: wrong PINs left.
        pin_parameters: algorithm, and the offset or verification value.
        interchange_control: where the card may be used.
        service: type of the account and its restrictions.
        service_first: the same of the first subsidiary account.
        service_second: the same of the second.
        sequence_number: of cards on this account, one digit; optional.
        security_number: the issuer's; optional.
        first_account: first subsidiary account; may be empty.
        second_account: the second; may be empty.
        relay_marker: 0: the whole track goes into messages.
        check_digits: the issuer's; optional.
        additional: the issuer's own, at the end.

    Raises:
        TrackError: TRACK_CHARACTER or TRACK_LENGTH (107 with sentinels and redundancy check).
    """

    pan: Pan
    expiry: Expiry | None
    format_code: str = "01"
    country: str = ""
    currency: str = "000"
    exponent: str = "0"
    amount_authorized: str = "0000"
    amount_remaining: str = "0000"
    cycle_begin: str = "0000"
    cycle_length: str = "00"
    retry_count: str = "0"
    pin_parameters: str = field(default="000000", repr=False)
    interchange_control: str = "0"
    service: str = "00"
    service_first: str = "00"
    service_second: str = "00"
    sequence_number: str = ""
    security_number: str = field(default="", repr=False)
    first_account: str = field(default="", repr=False)
    second_account: str = field(default="", repr=False)
    relay_marker: str = "0"
    check_digits: str = field(default="", repr=False)
    additional: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for name, length in _FIXED.items():
            value: str = getattr(self, name)
            if len(value) != length and (value or name not in _OPTIONAL):
                raise TrackError("TRACK_LENGTH", f"Track 3's {name} has {length} digits")
        texts = (self.first_account, self.second_account, self.additional)
        for value in (*(getattr(self, name) for name in _FIXED), *texts):
            if value and not (value.isascii() and value.isdigit()):
                raise TrackError("TRACK_CHARACTER", "Track 3's fields are digits")
        if len(self.encode()) + 1 > TRACK3_MAX:
            raise TrackError(
                "TRACK_LENGTH", f"Track 3 holds {TRACK3_MAX} characters; shorten its issuer's data"
            )

    def encode(self) -> SecretText:
        """Return the characters from start to end sentinel (ISO/IEC 4909, clause 8)."""
        expiry = self.expiry.yymm if self.expiry else _SEPARATOR
        parts = (
            self.format_code + self.pan.reveal() + _SEPARATOR,
            self.country or _SEPARATOR,
            self.currency + self.exponent + self.amount_authorized + self.amount_remaining,
            self.cycle_begin + self.cycle_length + self.retry_count + self.pin_parameters,
            self.interchange_control + self.service + self.service_first + self.service_second,
            expiry,
            self.sequence_number or _SEPARATOR,
            self.security_number or _SEPARATOR,
            self.first_account + _SEPARATOR + self.second_account + _SEPARATOR,
            self.relay_marker,
            self.check_digits or _SEPARATOR,
            self.additional,
        )
        return SecretText(f";{''.join(parts)}?")
