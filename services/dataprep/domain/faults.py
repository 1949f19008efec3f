"""Why a card can't be prepared as it was ordered; the codes are listed in the service's README."""

from __future__ import annotations

__all__ = ["AnomalyError", "PreparationError", "RefusedError"]


class PreparationError(Exception):
    """What is wrong with one card.

    Attributes:
        code: UPPER_SNAKE, stable across releases.
        detail: what was found and what to do, without personal data.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class RefusedError(PreparationError):
    """The card can't be made: the issuer must ask again with other data."""


class AnomalyError(PreparationError):
    """A person must decide: waiving prepares the card again, refusing ends it."""
