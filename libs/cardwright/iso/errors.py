"""The errors of the card standards: a code for programs, a sentence for people, no card data."""

from __future__ import annotations

__all__ = [
    "ApduError",
    "CardholderNameError",
    "IsoError",
    "LuhnError",
    "PanError",
    "StripeError",
    "TlvError",
    "TrackError",
]


class IsoError(ValueError):
    """A value that its card standard refuses.

    Attributes:
        code: what is wrong, UPPER_SNAKE, stable across releases.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LuhnError(IsoError):
    """LUHN_DIGITS: a check digit was asked of something other than decimal digits."""


class PanError(IsoError):
    """PAN_FORMAT (not 12 to 19 digits) or PAN_LUHN (its check digit is wrong)."""


class CardholderNameError(IsoError):
    """NAME_EMPTY, NAME_TOO_LONG or NAME_CHARACTER (a letter with no faithful fold)."""


class TrackError(IsoError):
    """TRACK_FORMAT, TRACK_LENGTH, TRACK_CHARACTER, EXPIRY_FORMAT or SERVICE_CODE_FORMAT."""


class StripeError(IsoError):
    """A stripe that can't be encoded or read; see ``cardwright.iso.stripe`` for the codes."""


class TlvError(IsoError):
    """TLV_TAG, TLV_LENGTH or TLV_TRUNCATED."""


class ApduError(IsoError):
    """APDU_FORMAT: header bytes, lengths or a body that ISO/IEC 7816-4 does not allow."""
