"""The service's own tables: what it was told, what it is to erase, what it erased."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import asyncpg

from cardwright.eventlog.codec import CodecError, LoggedEvent, decode_event
from cardwright.eventlog.complete import Complete
from cardwright.station.ports import Transaction
from services.retention.domain import Cause, Found, Intent, Life

__all__ = ["Ask", "Begun", "Place", "Store"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """An event at its position; the body is empty if its stream is of no card."""

    position: int
    stream_id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """A command to erase."""

    fact_id: str
    card_id: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An erasure that was intended and is not closed."""

    intent: Intent
    intended_at: datetime


class Store:
    """SQL of the tables in migrations/0001_retention.sql."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.pool = pool

    async def progress(self) -> tuple[dict[int, int], Complete, int]:
        """Return the next offset by partition, what is complete, and the last position seen."""
        offsets = await self.pool.fetch("SELECT partition, next_offset FROM read_up_to")
        position = await self.pool.fetchval("SELECT position FROM complete_up_to") or 0
        ahead = await self.pool.fetch("SELECT position FROM told WHERE position > $1", position)
        complete = Complete(position)
        complete.add(row["position"] for row in ahead)
        seen = max([complete.position, *(row["position"] for row in ahead)])
        return {row["partition"]: row["next_offset"] for row in offsets}, complete, seen

    async def take(
        self,
        places: Sequence[Place],
        asks: Iterable[Ask],
        offsets: Mapping[int, int],
        complete: int,
    ) -> None:
        """Take note of a batch of events, all of it or nothing; what is known stays as it is."""
        async with self.pool.acquire() as db, db.transaction():
            await db.execute(
                "INSERT INTO told (position, stream_id, body)"
                " SELECT p, s, CASE WHEN e.card_id IS NULL THEN b ELSE '' END"
                " FROM unnest($1::bigint[], $2::uuid[], $3::bytea[]) AS n (p, s, b)"
                " LEFT JOIN ended AS e ON e.card_id = s ON CONFLICT DO NOTHING",
                [place.position for place in places],
                [place.stream_id for place in places],
                [place.body for place in places],
            )
            await db.executemany(
                "INSERT INTO ask (fact_id, card_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                [(ask.fact_id, ask.card_id) for ask in asks],
            )
            await db.executemany(
                "INSERT INTO read_up_to VALUES ($1, $2) ON CONFLICT (partition)"
                " DO UPDATE SET next_offset = greatest(read_up_to.next_offset, $2)",
                list(offsets.items()),
            )
            await db.execute(
                "INSERT INTO complete_up_to (position) VALUES ($1)"
                " ON CONFLICT (singleton) DO UPDATE SET position = $1",
                complete,
            )
            await db.execute("DELETE FROM told WHERE body = '' AND position <= $1", complete)

    async def ended(self, card_ids: Collection[str]) -> dict[str, Life]:
        """Return the lives of those of these cards that were erased before."""
        rows = await self.pool.fetch(
            "SELECT card_id::text, ended_at, personalized_at FROM ended"
            " WHERE card_id = ANY($1::uuid[])",
            list(card_ids),
        )
        return {row["card_id"]: Life(row["ended_at"], row["personalized_at"]) for row in rows}

    async def events(self, card_ids: Collection[str]) -> dict[str, list[LoggedEvent]]:
        """Return what was told of these cards; what is no event leaves a gap in its chain."""
        rows = await self.pool.fetch(
            "SELECT stream_id::text, body FROM told"
            " WHERE stream_id = ANY($1::uuid[]) AND body <> ''",
            list(card_ids),
        )
        found: dict[str, list[LoggedEvent]] = {}
        for row in rows:
            try:
                event = decode_event(row["body"])
            except CodecError as error:
                _log.error("not an event", extra={"code": error.code, "stream": row["stream_id"]})
                continue
            found.setdefault(row["stream_id"], []).append(event)
        return found

    async def asked(self, limit: int) -> list[str]:
        """Return cards that are to be erased by command."""
        rows = await self.pool.fetch(
            "SELECT DISTINCT card_id::text FROM ask WHERE NOT answered LIMIT $1", limit
        )
        return [row["card_id"] for row in rows]

    async def intend(self, intent: Intent) -> Begun:
        """Write down what is to be destroyed, before anything is."""
        at = await self.pool.fetchval(
            "INSERT INTO erasure (erasure_id, intent) VALUES ($1, $2) RETURNING intended_at",
            intent.erasure_id,
            _encode(intent),
        )
        return Begun(intent, at)

    async def begun(self) -> list[Begun]:
        """Return erasures that were intended and not closed: somebody died over them."""
        rows = await self.pool.fetch(
            "SELECT erasure_id::text, intent, intended_at FROM erasure WHERE report IS NULL"
            " ORDER BY erasure_id"
        )
        return [
            Begun(_decode(row["erasure_id"], row["intent"]), row["intended_at"]) for row in rows
        ]

    async def close(
        self,
        tx: Transaction,
        intent: Intent,
        lives: Mapping[str, Life],
        report: bytes,
        digest: bytes,
    ) -> None:
        """Keep the report, answer the commands, and let the events of erased cards go."""
        await tx.execute(
            "UPDATE erasure SET report = $2, digest = $3 WHERE erasure_id = $1",
            intent.erasure_id,
            report,
            digest,
        )
        if intent.cause is Cause.REQUEST:
            cards = list(intent.cards)
            await tx.execute(
                "UPDATE ask SET answered = true WHERE card_id = ANY($1::uuid[])", cards
            )
        whole = [card for card in intent.whole if card in lives]
        await tx.executemany(
            "INSERT INTO ended VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            [(card, lives[card].ended_at, lives[card].personalized_at) for card in whole],
        )
        await tx.execute("UPDATE told SET body = '' WHERE stream_id = ANY($1::uuid[])", whole)


def _encode(intent: Intent) -> str:
    cards = {
        card: {section: asdict(found) for section, found in sections.items()}
        for card, sections in intent.cards.items()
    }
    return json.dumps({"cause": intent.cause, "cards": cards, "whole": sorted(intent.whole)})


def _decode(erasure_id: str, text: str) -> Intent:
    said = json.loads(text)
    cards = {
        card: {
            section: Found(f["rows"], f["data_keys"], tuple(f["section_keys"]))
            for section, f in sections.items()
        }
        for card, sections in said["cards"].items()
    }
    return Intent(erasure_id, Cause(said["cause"]), cards, frozenset(said["whole"]))
