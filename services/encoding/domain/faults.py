"""A card that is lost, and whether a person must look at it."""

from __future__ import annotations

__all__ = ["SpoiledError"]


class SpoiledError(Exception):
    """This card can't become a good one any more.

    Attributes:
        code: what is wrong with it (see README.md).
        quarantine: nobody knows what its chip is now: a person decides what follows.
    """

    def __init__(self, code: str, detail: str, *, quarantine: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.quarantine = quarantine
