"""From events to what is answered: streams that take their next events and hold the others. Pure.

A reader of the topic ``events`` meets events again after a restart of anybody, and may meet one
before the one that it follows. A stream therefore drops a sequence that it has, and holds an
event behind a gap until what is missing arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum

from cardwright.card import Body, Card, apply, kind_of
from cardwright.eventlog.codec import LoggedEvent
from cardwright.proto.query.v1 import query_pb2 as pb

__all__ = ["Applied", "Arrival", "Head", "Taken", "card_message", "entry_message"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event with its position in the log."""

    position: int
    event: LoggedEvent


@dataclass(frozen=True, slots=True)
class Applied:
    """An event that took its place, and the card after it."""

    arrival: Arrival
    head: Head

    @property
    def kind(self) -> str:
        """What the event states, e.g. ``"printed"``."""
        return kind_of(self.arrival.event.fact.body)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a stream's arrivals; what is in neither list was there already."""

    head: Head
    applied: list[Applied] = field(default_factory=list)
    held: list[Arrival] = field(default_factory=list)
    strangers: list[Arrival] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: the card and its last event."""

    card: Card
    sequence: int = 0
    hash: bytes = b""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_card(self) -> bool:
        """The stream is a card's (or refused request's), and not a stock lot's."""
        return bool(self.card.issuer)

    def after(self, event: LoggedEvent) -> Head:
        """Return the head after its next event."""
        return Head(
            card=apply(self.card, event.fact),
            sequence=event.sequence,
            hash=event.hash,
            created_at=self.created_at or event.recorded_at,
            updated_at=event.recorded_at,
        )

    def take(self, arrivals: Iterable[Arrival]) -> Taken:
        """Apply what follows, drop what is there, hold what comes after a gap.

        An event with the next number that names another predecessor is a stranger: it is not from
        this log, and must not keep the place of the one that is.
        """
        head, taken = self, Taken(self)
        waiting = sorted(arrivals, key=lambda arrival: arrival.event.sequence)
        for arrival in waiting:
            event = arrival.event
            if event.sequence <= head.sequence:
                continue
            if event.sequence > head.sequence + 1:
                taken.held.append(arrival)
            elif event.previous_hash != head.hash:
                taken.strangers.append(arrival)
            else:
                head = head.after(event)
                taken.applied.append(Applied(arrival, head))
        return Taken(head, taken.applied, taken.held, taken.strangers)


def card_message(head: Head) -> pb.Card:
    """Tell a card as query.proto does."""
    card = head.card
    return pb.Card(
        card_id=card.card_id,
        issuer=card.issuer,
        request_id=card.request_id,
        product=card.product,
        state=pb.CardState.Name(card.status),
        next_operation=card.due.name if card.due is not None else "",
        attempt=card.attempt,
        code=card.code,
        truncated_pan=card.truncated_pan,
        sscc=card.sscc,
        sequence=head.sequence,
        created_at=head.created_at,
        updated_at=head.updated_at,
    )


def entry_message(event: LoggedEvent) -> pb.CustodyEntry:
    """Tell an event in words."""
    return pb.CustodyEntry(
        sequence=event.sequence,
        recorded_at=event.recorded_at,
        kind=kind_of(event.fact.body),
        signer=event.received.signer,
        detail=_detail(event.fact.body),
        hash=event.hash,
    )


def _detail(body: Body) -> str:
    values = ((field.name, getattr(body, field.name)) for field in fields(body))
    return "; ".join(f"{name}={_word(value)}" for name, value in values if value not in ("", b""))


def _word(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return ",".join(map(_word, value))
    if hasattr(value, "usage") and hasattr(value, "kcv"):
        return f"{value.usage}:{value.kcv.hex()}"
    return str(value)
