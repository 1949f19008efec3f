"""The errors of access credentials: no credential's bits and no key are in them."""

from __future__ import annotations

__all__ = ["AccessError"]


class AccessError(ValueError):
    """A credential that can't be made or read.

    Attributes:
        code: DIVERSIFIER_LENGTH or KEY_ALGORITHM (AN10922); WIEGAND_FORMAT (none of that name),
            FACILITY_CODE or CARD_NUMBER (it does not fit the format); WIEGAND_LENGTH (another count
            of bits) or WIEGAND_PARITY (a bit was lost); BIT_STRING (octets that hold no bits).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
