"""From a batch of facts to a batch of events: judged in order, then chained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cardwright.card import (
    Accept,
    Body,
    Card,
    Duplicate,
    Fact,
    Permit,
    Refuse,
    apply,
    judge,
    kind_of,
    next_step,
)
from cardwright.card.events import Dispatched, DispatchPermitted, Parked
from cardwright.custody.merkle import leaf_hash
from cardwright.eventlog.codec import ReceivedFact, encode_event
from cardwright.eventlog.log import NewEvent
from services.custody.domain.book import Book, Head

__all__ = ["Entry", "Plan", "Sealed", "plan", "seal"]

CUSTODY = "custody"


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that enters the log, and the card after it.

    ``received`` is None for custody's own statements.
    """

    fact: Fact
    card: Card
    received: ReceivedFact | None = None


@dataclass(slots=True)
class Plan:
    """What is to be done about a batch."""

    entries: list[Entry] = field(default_factory=list)
    repeated: list[ReceivedFact] = field(default_factory=list)
    refused: list[tuple[ReceivedFact, str]] = field(default_factory=list)

    @property
    def own(self) -> list[Fact]:
        """Custody's own statements, to be signed by custody, in order."""
        return [entry.fact for entry in self.entries if entry.received is None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """Events ready to append, and the heads that follow from them."""

    events: list[NewEvent]
    heads: dict[str, Head]


def plan(book: Book, facts: Iterable[ReceivedFact], site: str) -> Plan:
    """Judge ``facts`` one after the other, each against the state that those before it leave."""
    made = Plan()
    cards: dict[str, Card] = {}
    for received in facts:
        stream_id = received.fact.stream_id
        head = book.get(stream_id)
        card = cards.get(stream_id) or (head.card if head else None)
        verdict = _other_permit(head, received.fact) or judge(card, received.fact)
        match verdict:
            case Accept():
                card = apply(card or Card(stream_id), received.fact)
                made.entries.append(Entry(received.fact, card, received))
                cards[stream_id] = _permit(made, card, site)
            case Duplicate():
                made.repeated.append(received)
            case Refuse(code, parks):
                made.refused.append((received, code))
                if parks and card is not None and not card.parked:
                    parked = Parked(received.fact.fact_id, code)
                    cards[stream_id] = _state(made, card, "parked", parked, site)
    return made


def _other_permit(head: Head | None, fact: Fact) -> Refuse | None:
    """Refuse a dispatch under another permission than the one that was logged and handed out.

    A repeated one is left to the judge: the card is gone already.
    """
    if not isinstance(fact.body, Dispatched) or head is None or head.card.due is None:
        return None
    mine = fact.order_id == head.card.order_id and head.card.permitted
    other = mine and fact.body.permit != head.permit
    return Refuse("FACT_OTHER_PERMIT", parks=True) if other else None


def _permit(made: Plan, card: Card, site: str) -> Card:
    if isinstance(next_step(card), Permit):
        return _state(made, card, "permit", DispatchPermitted(card.sscc), site)
    return card


def _state(made: Plan, card: Card, name: str, body: Body, site: str) -> Card:
    """Let custody state something about a card, within the plan."""
    fact = Fact(f"{card.order_id}.{name}", card.card_id, "", CUSTODY, site, body)
    after = apply(card, fact)
    made.entries.append(Entry(fact, after))
    return after


def seal(
    book: Book, entries: Sequence[Entry], own: Sequence[bytes], epoch: int, now: datetime
) -> Sealed:
    """Chain ``entries`` to their streams. ``own`` holds custody's signed statements, in order."""
    heads: dict[str, Head] = {}
    events: list[NewEvent] = []
    signed_own = iter(own)
    for entry in entries:
        stream_id = entry.fact.stream_id
        head = heads.get(stream_id) or book.get(stream_id) or Head(Card(stream_id), 0, b"")
        signed = entry.received.signed if entry.received else next(signed_own)
        body = encode_event(stream_id, head.sequence + 1, head.hash, now, epoch, signed)
        event_hash = leaf_hash(body)
        events.append(
            NewEvent(stream_id, head.sequence + 1, kind_of(entry.fact.body), now, event_hash, body)
        )
        heads[stream_id] = head.after(entry.fact, entry.card, event_hash)
    return Sealed(events, heads)
