"""When data must go, and what a report of it says. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cardwright.card import Card, apply
from cardwright.card.events import Encoded, Printed
from cardwright.eventlog.codec import LoggedEvent

__all__ = ["Cause", "Found", "Intent", "Life", "Terms", "life_of", "report_of"]


class Cause(StrEnum):
    """Why data are erased; facts of cards know the first two."""

    RETENTION = "retention"
    REQUEST = "request"
    ORPHAN = "orphan"
    """Rows of no card: whoever wrote them died before the card was stated."""


@dataclass(frozen=True, slots=True)
class Life:
    """What a card's log says, as far as erasure goes by it; None for what has not happened."""

    ended_at: datetime | None = None
    personalized_at: datetime | None = None


def life_of(card_id: str, events: Iterable[LoggedEvent]) -> Life | None:
    """Fold a card's events, in any order and repeated as they may be.

    Returns:
        None where the events are no whole chain: one is missing, or is of another log.
    """
    by_sequence = {event.sequence: event for event in events}
    card, previous, life = Card(card_id), b"", Life()
    for expected, sequence in enumerate(sorted(by_sequence), start=1):
        event = by_sequence[sequence]
        if sequence != expected or event.previous_hash != previous:
            return None
        card, previous = apply(card, event.fact), event.hash
        made = isinstance(event.fact.body, Printed | Encoded)
        ends = card.status.terminal and life.ended_at is None
        life = Life(
            ended_at=event.recorded_at if ends else life.ended_at,
            personalized_at=event.recorded_at if made else life.personalized_at,
        )
    return life


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long data are kept.

    Attributes:
        keep: by section, from the card's personalization, or from its end if it was never made.
        orphans: from the writing of a row that belongs to no card.
    """

    keep: Mapping[str, timedelta]
    orphans: timedelta

    @property
    def shortest(self) -> timedelta:
        """What was written later than so long ago is never due by its age."""
        return min([*self.keep.values(), self.orphans])

    def due(self, life: Life, now: datetime) -> tuple[str, ...]:
        """Return the sections whose time is over; none while the card is not at its end."""
        if life.ended_at is None:
            return ()
        since = life.personalized_at or life.ended_at
        return tuple(section for section, kept in self.keep.items() if since + kept <= now)

    def overdue(self, life: Life, now: datetime) -> bool:
        """Say whether a card that is not at its end holds data whose time is over."""
        made = life.personalized_at
        return life.ended_at is None and made is not None and made + self.shortest <= now

    def orphan_due(self, written_at: datetime, now: datetime) -> bool:
        """Say whether rows of no card have waited long enough for one."""
        return written_at + self.orphans <= now


@dataclass(frozen=True, slots=True)
class Found:
    """What was there of a card in a section: rows, data keys, and what those were wrapped for."""

    rows: int
    data_keys: int
    section_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be destroyed; all of it is destroyed, or will be.

    Attributes:
        cards: what was found, by card and section; a card that asked may have nothing left.
        whole: cards of which nothing is kept for longer.
    """

    erasure_id: str
    cause: Cause
    cards: Mapping[str, Mapping[str, Found]]
    whole: frozenset[str]

    def cards_of(self, section: str) -> list[str]:
        """Return the cards that have something in a section."""
        return [card for card, sections in self.cards.items() if section in sections]


def report_of(intent: Intent, site: str, intended_at: datetime, done_at: datetime) -> bytes:
    """Write the report of an erasure: JSON in UTF-8, whose SHA-256 the log holds."""
    cards = {
        card: {section: _told(found) for section, found in sections.items()}
        for card, sections in intent.cards.items()
    }
    every = [found for sections in intent.cards.values() for found in sections.values()]
    report = {
        "erasure": intent.erasure_id,
        "cause": intent.cause,
        "site": site,
        "intended_at": intended_at.isoformat(),
        "done_at": done_at.isoformat(),
        "rows": sum(found.rows for found in every),
        "data_keys": sum(found.data_keys for found in every),
        "section_keys": _merged(found.section_keys for found in every),
        "cards": cards,
    }
    return json.dumps(report, indent=1).encode()


def _told(found: Found) -> dict[str, object]:
    return {
        "rows": found.rows,
        "data_keys": found.data_keys,
        "section_keys": list(found.section_keys),
    }


def _merged(keys: Iterable[Sequence[str]]) -> list[str]:
    return sorted({key for each in keys for key in each})
