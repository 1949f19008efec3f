"""The work table: a station's inbox, jobs and outbox, one row an order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import asyncpg

from cardwright.card import Operation
from cardwright.station.messages import Received, decode_order
from cardwright.station.ports import WorkOrder

__all__ = ["Entry", "Job", "WorkTable"]

Executor: TypeAlias = (
    "asyncpg.Pool[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer on its way: the FactMessage as signed, and its lane."""

    order_id: str
    express: bool
    traceparent: str
    fact: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """An open order."""

    order: WorkOrder
    traceparent: str


class WorkTable:
    """SQL of the work table. Methods take the connection, so they join the caller's transaction."""

    async def known(self, db: Executor, order_ids: Collection[str]) -> dict[str, Entry | None]:
        """Return what is known of these orders: the unacknowledged answer, or None."""
        rows = await db.fetch(
            "SELECT order_id, state, express, traceparent, fact FROM work"
            " WHERE order_id = ANY($1::text[])",
            list(order_ids),
        )
        return {
            row["order_id"]: Entry(row["order_id"], row["express"], row["traceparent"], row["fact"])
            if row["state"] == "answered"
            else None
            for row in rows
        }

    async def accept(self, db: Executor, received: Iterable[Received]) -> None:
        """File new orders as waiting; known ones stay as they are."""
        batch = list(received)
        await db.execute(
            "INSERT INTO work (order_id, state, operation, express, order_bytes, traceparent)"
            " SELECT o, 'waiting', p, e, b, t FROM unnest"
            " ($1::text[], $2::smallint[], $3::boolean[], $4::bytea[], $5::text[])"
            " AS n(o, p, e, b, t) ON CONFLICT (order_id) DO NOTHING",
            [item.order.order_id for item in batch],
            [item.order.operation.value for item in batch],
            [item.order.express for item in batch],
            [item.data for item in batch],
            [item.traceparent for item in batch],
        )

    async def answer(self, db: Executor, entries: Sequence[Entry]) -> list[Entry]:
        """File answers, of new orders or of known ones; returns those that were filed.

        An order is answered once: what came second is never to be sent.
        """
        rows = await db.fetch(
            "INSERT INTO work (order_id, state, express, traceparent, fact, sent_at)"
            " SELECT o, 'answered', e, t, f, now()"
            " FROM unnest($1::text[], $2::boolean[], $3::text[], $4::bytea[]) AS n(o, e, t, f)"
            " ON CONFLICT (order_id) DO UPDATE SET state = 'answered', fact = EXCLUDED.fact,"
            " sent_at = now(), order_bytes = NULL, traceparent = EXCLUDED.traceparent"
            " WHERE work.state IN ('waiting', 'begun') RETURNING order_id",
            [entry.order_id for entry in entries],
            [entry.express for entry in entries],
            [entry.traceparent for entry in entries],
            [entry.fact for entry in entries],
        )
        filed = {row["order_id"] for row in rows}
        return [entry for entry in entries if entry.order_id in filed]

    async def waiting(
        self,
        db: Executor,
        operation: Operation,
        besides: Collection[str],
        limit: int,
        *,
        express_only: bool = False,
        delay: float = 0.0,
    ) -> list[Job]:
        """Return waiting orders of one operation, express first, in the order they came.

        Those that came less than ``delay`` seconds ago are left alone.
        """
        rows = await db.fetch(
            "SELECT order_bytes, traceparent FROM work"
            " WHERE state = 'waiting' AND operation = $1 AND NOT order_id = ANY($2::text[])"
            " AND (express OR NOT $4) AND received_at <= now() - make_interval(secs => $5)"
            " ORDER BY express DESC, received_at LIMIT $3",
            operation.value,
            list(besides),
            limit,
            express_only,
            delay,
        )
        return [Job(decode_order(row["order_bytes"]), row["traceparent"]) for row in rows]

    async def begin(self, db: Executor, device: str, order_ids: Collection[str]) -> set[str]:
        """Commit the intent of a physical act; returns the orders that were not withdrawn.

        May be repeated, for its caller can lose the answer after the commit.
        """
        rows = await db.fetch(
            "UPDATE work SET state = 'begun', device = $1"
            " WHERE order_id = ANY($2::text[])"
            " AND (state = 'waiting' OR state = 'begun' AND device = $1) RETURNING order_id",
            device,
            list(order_ids),
        )
        return {row["order_id"] for row in rows}

    async def begun(self, db: Executor, device: str) -> list[Job]:
        """Return the orders whose act this device may have done."""
        rows = await db.fetch(
            "SELECT order_bytes, traceparent FROM work WHERE state = 'begun' AND device = $1",
            device,
        )
        return [Job(decode_order(row["order_bytes"]), row["traceparent"]) for row in rows]

    async def not_begun(self, db: Executor, order_id: str) -> None:
        """Take an intent back: the device never began."""
        await db.execute(
            "UPDATE work SET state = 'waiting', device = NULL"
            " WHERE order_id = $1 AND state = 'begun'",
            order_id,
        )

    async def cancellable(self, db: Executor, order_ids: Collection[str]) -> set[str]:
        """Lock and return the orders that are waiting; an act that began is not withdrawn."""
        rows = await db.fetch(
            "SELECT order_id FROM work WHERE order_id = ANY($1::text[]) AND state = 'waiting'"
            " FOR UPDATE",
            list(order_ids),
        )
        return {row["order_id"] for row in rows}

    async def acknowledge(self, db: Executor, order_ids: Collection[str]) -> None:
        """Forget answers that are in the log; the ids stay, for duplicates."""
        await db.execute(
            "UPDATE work SET state = 'acknowledged', fact = NULL"
            " WHERE order_id = ANY($1::text[]) AND state = 'answered'",
            list(order_ids),
        )

    async def overdue(self, db: Executor, seconds: float, limit: int) -> list[Entry]:
        """Return answers that were sent long ago and not acknowledged, and note the new sending."""
        rows = await db.fetch(
            # Asked again outside, since an acknowledgement may come between.
            "UPDATE work SET sent_at = now() WHERE state = 'answered' AND order_id IN ("
            " SELECT order_id FROM work WHERE state = 'answered'"
            " AND sent_at < now() - make_interval(secs => $1) ORDER BY sent_at LIMIT $2)"
            " RETURNING order_id, express, traceparent, fact",
            seconds,
            limit,
        )
        return [
            Entry(row["order_id"], row["express"], row["traceparent"], row["fact"]) for row in rows
        ]

    async def depth(self, db: Executor) -> int:
        """Return how many orders wait or are being worked on."""
        count = await db.fetchval("SELECT count(*) FROM work WHERE state IN ('waiting', 'begun')")
        return int(count)
