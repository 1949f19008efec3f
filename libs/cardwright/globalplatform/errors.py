"""What can go wrong between a host and a card manager, each with a code that stays the same."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CardCryptogramError",
    "CommandError",
    "DataGroupingError",
    "GlobalPlatformError",
    "InitializeUpdateError",
    "KeyLengthError",
    "ResponseMacError",
    "SecurityLevelError",
]


class GlobalPlatformError(Exception):
    """Base of all errors of this package; ``code`` is stable, the message is for people."""

    code: ClassVar[str] = "GLOBALPLATFORM"


class KeyLengthError(GlobalPlatformError, ValueError):
    """A key is not an AES key, or the keys of one set differ in length."""

    code = "SCP03_KEY_LENGTH"


class InitializeUpdateError(GlobalPlatformError, ValueError):
    """The answer to INITIALIZE UPDATE isn't one of SCP03 in S8 mode."""

    code = "SCP03_INITIALIZE_UPDATE"


class CardCryptogramError(GlobalPlatformError):
    """The card does not hold the keys we expect: a foreign card, or a wrong key set version."""

    code = "SCP03_CARD_CRYPTOGRAM"


class SecurityLevelError(GlobalPlatformError, ValueError):
    """A security level that Amendment D does not define, or that the card does not support."""

    code = "SCP03_SECURITY_LEVEL"


class CommandError(GlobalPlatformError, ValueError):
    """A command that secure messaging can't carry: malformed, extended, or too long."""

    code = "SCP03_COMMAND"


class ResponseMacError(GlobalPlatformError):
    """A response with a wrong R-MAC: changed on its way, out of order, or not the card's."""

    code = "SCP03_RESPONSE_MAC"


class DataGroupingError(GlobalPlatformError, ValueError):
    """A data grouping that STORE DATA can't carry."""

    code = "STORE_DATA_GROUPING"
