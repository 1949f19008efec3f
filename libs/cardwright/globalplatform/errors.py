"""What can go wrong between a host and a card manager, each with a code that stays the same."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CardChallengeError",
    "CardCryptogramError",
    "CardDataError",
    "CommandError",
    "DataGroupingError",
    "GlobalPlatformError",
    "InitializeUpdateError",
    "KeyLengthError",
    "ResponseMacError",
    "SecurityLevelError",
]


class GlobalPlatformError(Exception):
    """Base of all errors of this package; ``code`` is stable, the message is for people.

    Codes that begin with SCP03 are older than SCP02's support here, and mean either protocol.
    """

    code: ClassVar[str] = "GLOBALPLATFORM"


class KeyLengthError(GlobalPlatformError, ValueError):
    """A key is none of its algorithm's, or a set's keys differ or are the other protocol's."""

    code = "SCP03_KEY_LENGTH"


class InitializeUpdateError(GlobalPlatformError, ValueError):
    """The answer to INITIALIZE UPDATE is no answer to our challenge, or of another protocol."""

    code = "SCP03_INITIALIZE_UPDATE"


class CardCryptogramError(GlobalPlatformError):
    """The card does not hold the keys we expect: a foreign card, or a wrong key set version."""

    code = "SCP03_CARD_CRYPTOGRAM"


class CardChallengeError(GlobalPlatformError):
    """The card's challenge isn't the one that its counter and its card manager's AID yield."""

    code = "CARD_CHALLENGE"


class SecurityLevelError(GlobalPlatformError, ValueError):
    """A security level that the protocol does not define, or that the card does not support."""

    code = "SCP03_SECURITY_LEVEL"


class CommandError(GlobalPlatformError, ValueError):
    """A command that can't be built, or that secure messaging or the card can't carry."""

    code = "SCP03_COMMAND"


class ResponseMacError(GlobalPlatformError):
    """A response with a wrong R-MAC: changed on its way, out of order, or not the card's."""

    code = "SCP03_RESPONSE_MAC"


class DataGroupingError(GlobalPlatformError, ValueError):
    """A data grouping that STORE DATA can't carry."""

    code = "STORE_DATA_GROUPING"


class CardDataError(GlobalPlatformError, ValueError):
    """An answer of the card manager that can't be read: cut off, or of another format."""

    code = "CARD_DATA"
