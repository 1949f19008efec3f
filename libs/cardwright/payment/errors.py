"""The errors of PINs and PIN blocks."""

from __future__ import annotations

__all__ = ["PinError"]


class PinError(ValueError):
    """A PIN, a PIN block or a use of either that the standards refuse.

    What is wrong with a deciphered block tells something of the PIN in it: a service that answers
    strangers must not let them tell the PIN_BLOCK codes apart.

    Attributes:
        code: PIN_DIGITS, PIN_WEAK, PIN_PAN, PIN_SOURCE (the random source repeats itself),
            PIN_KEY (a key of another length or algorithm); PIN_BLOCK_LENGTH, PIN_BLOCK_CONTROL,
            PIN_BLOCK_PIN, PIN_BLOCK_FILLER; PIN_TRANSLATION, PIN_PAN_CHANGE; PIN_INDEX (PVKI),
            PIN_TABLE (decimalization), PIN_VALIDATION (validation data) or PIN_OFFSET.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
