"""The errors of the EMV library."""

from __future__ import annotations

__all__ = ["EmvError"]


class EmvError(ValueError):
    """A value that an EMV specification refuses.

    Attributes:
        code: KEY_LENGTH, KEY_ALGORITHM, DERIVATION_INPUT, CRYPTOGRAM_VERSION, CRYPTOGRAM_DATA,
            SCRIPT_LENGTH, DGI_ID, DGI_LENGTH, DGI_TRUNCATED, RECORD_POSITION, RECORD_LENGTH,
            RECORD_LAYOUT, LOCATOR, DIRECTORY_LENGTH, TAG_UNKNOWN, BIT_NAME, DOL_ENTRY, CVM_LIST,
            PROFILE_VALUE or CARD_VALUE.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
