"""The heads of all live streams in memory: the last event of each, and the card it folds to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cardwright.card import Card, Fact, apply
from cardwright.card.events import DispatchPermitted
from cardwright.eventlog.codec import LoggedEvent

__all__ = ["Book", "Head", "retell"]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands. ``permit`` is the hash of the logged permission to leave."""

    card: Card
    sequence: int
    hash: bytes
    permit: bytes = b""

    def after(self, fact: Fact, card: Card, event_hash: bytes) -> Head:
        """Return the head after one more event, which leaves ``card``."""
        permit = event_hash if isinstance(fact.body, DispatchPermitted) else self.permit
        return Head(card, self.sequence + 1, event_hash, permit)


def retell(events: Iterable[LoggedEvent]) -> Iterator[tuple[LoggedEvent, Head]]:
    """Fold whole streams, read stream by stream in sequence; yields the head after each event."""
    head = Head(Card(""), 0, b"")
    for event in events:
        if event.sequence == 1:
            head = Head(Card(event.stream_id), 0, b"")
        head = head.after(event.fact, apply(head.card, event.fact), event.hash)
        yield event, head


class Book:
    """Heads by stream id. Ended cards can be forgotten: the log has them if they are asked for."""

    def __init__(self) -> None:
        self._heads: dict[str, Head] = {}

    def __contains__(self, stream_id: str) -> bool:
        return stream_id in self._heads

    def get(self, stream_id: str) -> Head | None:
        """Return a head, if it is in memory."""
        return self._heads.get(stream_id)

    def load(self, events: Iterable[LoggedEvent]) -> None:
        """Fold events that were read from the log, stream by stream in sequence."""
        for event, head in retell(events):
            self._heads[event.stream_id] = head

    def put(self, heads: dict[str, Head]) -> None:
        """Take over heads whose events are committed."""
        self._heads.update(heads)

    def forget_ended(self, stream_ids: Iterable[str]) -> None:
        """Drop those of ``stream_ids`` whose card is at its end."""
        for stream_id in stream_ids:
            head = self._heads.get(stream_id)
            if head is not None and head.card.status.terminal:
                del self._heads[stream_id]

    def live(self) -> list[Head]:
        """Return the heads of all cards that are not at their end."""
        return [head for head in self._heads.values() if not head.card.status.terminal]
