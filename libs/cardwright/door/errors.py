"""Why a door stays shut: a code for programs, a sentence for people, no card data."""

from __future__ import annotations

__all__ = ["DoorError"]


class DoorError(Exception):
    """A badge that opens no door.

    Attributes:
        code: BADGE_FOREIGN (no badge of this system), BADGE_DATA (its records are not as they
            should be), BADGE_COUNTERFEIT (it does not have its key), READER_REFUSED (it does not
            take our proof), NUMBER_FORMAT or NUMBER_PARITY (its bits are no number of the site's).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
