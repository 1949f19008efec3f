"""The tables of a projection. Each projection is a schema; its pool has it as search path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg

from cardwright.card import Card
from cardwright.eventlog.codec import decode_event
from cardwright.eventlog.complete import Complete
from cardwright.proto.query.v1 import query_pb2 as pb
from cardwright.station.pools import open_pool
from services.query.domain import Arrival, Head, card_message
from services.query.handlers import Change, State

__all__ = ["Filters", "Store", "WatchRow", "open_store"]

_EVERYTHING: Final = "card, event, held, read_up_to, complete_up_to"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cards; an empty field asks for nothing."""

    issuer: str = ""
    state: int = 0
    product: str = ""


@dataclass(frozen=True, slots=True)
class WatchRow:
    """An event for watchers: its position, its kind, the Card message after it."""

    position: int
    kind: str
    answer: bytes


async def open_store(dsn: str, slot: int) -> Store:
    """Open a projection's tables."""
    settings = {"search_path": f"projection_{slot}", "statement_timeout": "30s"}
    pool = await open_pool(dsn, 4, settings)
    return Store(pool, slot)


class Store:
    """Reads for callers, writes for the projector (`services.query.handlers.Tables`)."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], slot: int) -> None:
        self.pool = pool
        self.slot = slot

    async def close(self) -> None:
        """Close the connections."""
        await self.pool.close()

    async def clear(self) -> None:
        """Empty the projection."""
        await self.pool.execute(f"TRUNCATE {_EVERYTHING}")

    async def state(self) -> State:
        """Read how far the projection is."""
        async with self.pool.acquire() as db, db.transaction(readonly=True):
            position = await db.fetchval("SELECT position FROM complete_up_to") or 0
            ahead = await db.fetch("SELECT position FROM event WHERE position > $1", position)
            offsets = await db.fetch("SELECT partition, next_offset FROM read_up_to")
            held = await db.fetchval("SELECT max(position) FROM held") or 0
        complete = Complete(position)
        complete.add(row["position"] for row in ahead)
        seen = max([complete.position, held, *(row["position"] for row in ahead)])
        return State({row["partition"]: row["next_offset"] for row in offsets}, complete, seen)

    async def heads(self, stream_ids: Sequence[str]) -> dict[str, Head]:
        """Fold the applied events of these streams."""
        rows = await self.pool.fetch(
            "SELECT body FROM event WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id, sequence",
            stream_ids,
        )
        heads: dict[str, Head] = {}
        for row in rows:
            event = decode_event(row["body"])
            head = heads.get(event.stream_id) or Head(Card(event.stream_id))
            heads[event.stream_id] = head.after(event)
        return heads

    async def held(self, stream_ids: Sequence[str]) -> list[Arrival]:
        """Return the held events of these streams."""
        rows = await self.pool.fetch(
            "SELECT position, body FROM held WHERE stream_id = ANY($1::uuid[])", stream_ids
        )
        return [Arrival(row["position"], decode_event(row["body"])) for row in rows]

    async def write(self, change: Change) -> None:
        """Write all of a change or nothing."""
        async with self.pool.acquire() as db, db.transaction():
            await _write_events(db, change)
            await _write_cards(db, change.heads)
            await _write_held(db, change)
            await db.executemany(
                "INSERT INTO read_up_to VALUES ($1, $2) ON CONFLICT (partition)"
                " DO UPDATE SET next_offset = greatest(read_up_to.next_offset, $2)",
                list(change.offsets.items()),
            )
            await db.execute(
                "INSERT INTO complete_up_to (position) VALUES ($1)"
                " ON CONFLICT (singleton) DO UPDATE SET position = $1",
                change.complete,
            )

    async def cards(self, card_ids: Sequence[UUID]) -> list[pb.Card]:
        """Return those of these cards that are there."""
        rows = await self.pool.fetch(
            "SELECT answer FROM card WHERE card_id = ANY($1::uuid[])", card_ids
        )
        return [pb.Card.FromString(row["answer"]) for row in rows]

    async def cards_of_requests(self, requests: Sequence[tuple[str, str]]) -> list[pb.Card]:
        """Return the cards of these (issuer, request id); the accepted one where one was refused.

        A request that repeats an id is refused in a stream of its own.
        """
        rows = await self.pool.fetch(
            "SELECT DISTINCT ON (issuer, request_id) answer FROM card"
            " JOIN unnest($1::text[], $2::text[]) AS wanted (issuer, request_id)"
            " USING (issuer, request_id) ORDER BY issuer, request_id, state = $3, card_id",
            [issuer for issuer, _ in requests],
            [request_id for _, request_id in requests],
            int(pb.CARD_STATE_REFUSED),
        )
        return [pb.Card.FromString(row["answer"]) for row in rows]

    async def page(self, filters: Filters, after: UUID, limit: int) -> list[pb.Card]:
        """Return the first cards after ``after``, in the order of their ids."""
        rows = await self.pool.fetch(
            "SELECT answer FROM card WHERE card_id > $1 AND ($2 = '' OR issuer = $2)"
            " AND ($3 = 0 OR state = $3) AND ($4 = '' OR product = $4) ORDER BY card_id LIMIT $5",
            after,
            filters.issuer,
            filters.state,
            filters.product,
            limit,
        )
        return [pb.Card.FromString(row["answer"]) for row in rows]

    async def changes(
        self, after: int, up_to: int, issuer: str, card_id: UUID | None, limit: int
    ) -> list[WatchRow]:
        """Return events of cards in the order of the log."""
        rows = await self.pool.fetch(
            "SELECT position, kind, event.answer FROM event"
            " JOIN card ON card_id = stream_id WHERE position > $1 AND position <= $2"
            " AND ($3 = '' OR issuer = $3) AND ($4::uuid IS NULL OR stream_id = $4)"
            " ORDER BY position LIMIT $5",
            after,
            up_to,
            issuer,
            card_id,
            limit,
        )
        return [WatchRow(*row) for row in rows]

    async def bodies(self, card_id: UUID) -> list[bytes]:
        """Return a stream's events as published, in sequence."""
        rows = await self.pool.fetch(
            "SELECT body FROM event WHERE stream_id = $1 ORDER BY sequence", card_id
        )
        return [row["body"] for row in rows]


_Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


async def _write_events(db: _Connection, change: Change) -> None:
    await db.copy_records_to_table(
        "event",
        columns=["stream_id", "sequence", "position", "kind", "body", "answer"],
        records=[
            (
                each.arrival.event.stream_id,
                each.arrival.event.sequence,
                each.arrival.position,
                each.kind,
                each.arrival.event.body,
                card_message(each.head).SerializeToString(),
            )
            for each in change.applied
        ],
    )


async def _write_cards(db: _Connection, heads: Sequence[Head]) -> None:
    rows = [
        (
            head.card.card_id,
            head.card.issuer,
            head.card.request_id,
            head.card.product,
            int(head.card.status),
            head.updated_at,
            card_message(head).SerializeToString(),
        )
        for head in heads
    ]
    if rows:
        await db.execute(
            "INSERT INTO card SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[],"
            " $5::smallint[], $6::timestamptz[], $7::bytea[])"
            " ON CONFLICT (card_id) DO UPDATE SET state = excluded.state,"
            " updated_at = excluded.updated_at, answer = excluded.answer",
            *zip(*rows, strict=True),
        )


async def _write_held(db: _Connection, change: Change) -> None:
    if change.released:
        await db.execute(
            "DELETE FROM held USING unnest($1::uuid[], $2::integer[]) AS gone (stream_id, sequence)"
            " WHERE held.stream_id = gone.stream_id AND held.sequence = gone.sequence",
            [each.event.stream_id for each in change.released],
            [each.event.sequence for each in change.released],
        )
    if change.held:
        await db.copy_records_to_table(
            "held",
            columns=["stream_id", "sequence", "position", "body"],
            records=[
                (each.event.stream_id, each.event.sequence, each.position, each.event.body)
                for each in change.held
            ],
        )
