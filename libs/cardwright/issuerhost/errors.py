"""The errors of the issuer host."""

from __future__ import annotations

__all__ = ["IssuerHostError"]


class IssuerHostError(ValueError):
    """What the issuer host can't work with.

    Attributes:
        code: KEY_LENGTH, DERIVATION_INPUT, CHIP_DATA, CRYPTOGRAM_VERSION, AUTHENTICATION_DATA or
            SCRIPT_DATA.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
