"""What can go wrong on the issuer's side, by code."""

from __future__ import annotations

__all__ = ["IssuerError", "IssuerKeyError", "RegistrationError", "RequestError", "RequestFileError"]


class IssuerError(Exception):
    """Something that the issuer has to put right before a request can travel.

    Attributes:
        code: what is wrong, UPPER_SNAKE, stable across releases.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RequestFileError(IssuerError):
    """FILE_MISSING, FILE_KIND, FILE_COLUMNS, FILE_ENCODING, FILE_LINE_LENGTH: of a whole file."""


class RequestError(IssuerError):
    """REQUEST_FIELDS, REQUEST_ID_IS_PAN or FILE_PHOTO: this request must not be sent as it is."""


class IssuerKeyError(IssuerError):
    """KEY_FILE (missing or no P-256 JWK), KEY_EXISTS, or ENVELOPE_MALFORMED (it does not open)."""


class RegistrationError(IssuerError):
    """REGISTRATION_MISSING, REGISTRATION_FORMAT or REGISTRATION_KEYS."""
