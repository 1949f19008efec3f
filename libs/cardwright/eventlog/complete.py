"""How far a reader of the log has it without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Complete"]


@dataclass(slots=True)
class Complete:
    """The last position of the log up to which every event is applied.

    Positions are dense, but partitions are read side by side: a watcher is only told of what is
    complete, in the order of the log, so a token never passes over an event still to come.
    """

    position: int = 0
    _ahead: set[int] = field(default_factory=set)

    def add(self, positions: Iterable[int]) -> None:
        """Take note of applied positions."""
        self._ahead.update(position for position in positions if position > self.position)
        while self.position + 1 in self._ahead:
            self.position += 1
            self._ahead.discard(self.position)
