"""The errors of the EMV library."""

from __future__ import annotations

__all__ = ["EmvError"]


class EmvError(ValueError):
    """A value that an EMV specification refuses.

    Attributes:
        code: KEY_LENGTH, DERIVATION_INPUT, DGI_ID, DGI_LENGTH, DGI_TRUNCATED, RECORD_POSITION,
            RECORD_LENGTH, PROFILE_VALUE, CARD_VALUE or KEY_DATA.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
