"""The health of one encoder head: what became of its cards decides whether it gets more of them.

A head that spoils several cards in a row is taken out of work before it spoils a batch. It comes
back on probation after a test of its own; there the first failure takes it out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["HEAD_UNHEALTHY", "HeadHealth", "HeadState"]

HEAD_UNHEALTHY: Final = "HEAD_UNHEALTHY"

_THE_HEADS: Final = frozenset(
    {
        "CHIP_LOST",
        "CHIP_MUTE",
        "CHIP_READBACK",
        "CHIP_SESSION",
        "CARD_MUTE",
        "CARD_REMOVED",
        "ENCODER_JAM",
        "ENCODER_INTERRUPTED",
        "READER_FAULT",
        "READER_LOST",
        "STRIPE_READBACK",
        "STRIPE_WRITE",
    }
)
"""Codes that a worn head gives; any other is the card's, its data's or its lot's fault."""


class HeadState(StrEnum):
    """Where a head stands."""

    IN_WORK = "in work"
    ON_PROBATION = "on probation"
    UNHEALTHY = "unhealthy"
    AWAY = "away"


@dataclass(slots=True)
class HeadHealth:
    """One head's record.

    Attributes:
        limit: failures in a row that take it out of work.
        state: UNHEALTHY and AWAY get no cards.
        good: cards that it encoded and read back.
        failed: cards that it did not, whosever fault that was.
        in_a_row: failures since the last good card that may be the head's.
        code: what it failed with last; empty after a good card.
    """

    limit: int
    state: HeadState = HeadState.IN_WORK
    good: int = 0
    failed: int = 0
    in_a_row: int = 0
    code: str = ""

    @property
    def in_work(self) -> bool:
        """Whether it may get a card."""
        return self.state in (HeadState.IN_WORK, HeadState.ON_PROBATION)

    @property
    def share(self) -> float | None:
        """The head's yield: good cards of all, 0 to 1; None before the first one."""
        cards = self.good + self.failed
        return self.good / cards if cards else None

    def passed(self) -> None:
        """A card came out good."""
        self.good += 1
        self.in_a_row, self.code = 0, ""
        if self.in_work:
            self.state = HeadState.IN_WORK

    def spoiled(self, code: str, *, interrupted: bool = False) -> None:
        """A card came out bad, with the code of its fact.

        Args:
            code: the fact's.
            interrupted: the work on it was broken off once, and that may be why.
        """
        self.failed += 1
        self.code = code
        if interrupted or code not in _THE_HEADS:
            return
        self.in_a_row += 1
        if self.in_work and (self.in_a_row >= self.limit or self.state is HeadState.ON_PROBATION):
            self.state = HeadState.UNHEALTHY

    def lost(self, code: str) -> None:
        """Nobody can reach it now: a reader was unplugged. That says nothing of its cards."""
        self.state, self.code = HeadState.AWAY, code

    def came_back(self) -> None:
        """It passed its test, or was plugged in again."""
        if not self.in_work:
            self.state, self.in_a_row = HeadState.ON_PROBATION, 0
