"""The errors of the terminal: a code for programs, a sentence for people, no card data."""

from __future__ import annotations

__all__ = [
    "AuthenticationError",
    "CardLinkError",
    "ProfileError",
    "TerminalError",
    "TerminatedError",
]


class TerminalError(Exception):
    """Something that the terminal states by a code.

    Attributes:
        code: what is wrong, UPPER_SNAKE, stable across releases.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CardLinkError(TerminalError):
    """The card can't be reached any more: it was pulled, is mute, or its reader is gone.

    A ``Card`` raises it; the transaction ends with its code.
    """


class TerminatedError(TerminalError):
    """The transaction can't go on (EMV Book 3, 6.3.5 and 7.5); ``run`` makes it an outcome."""


class AuthenticationError(TerminalError):
    """Offline data authentication failed; the transaction goes on with a bit in the TVR."""


class ProfileError(TerminalError, ValueError):
    """A terminal's own data are wrong.

    PROFILE_VALUE, REQUEST_VALUE, CA_KEY_FORMAT, CA_KEY_CHECKSUM or CA_KEY_TWICE.
    """
