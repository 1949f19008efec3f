"""The append-only log in Postgres: one writer, fenced by its epoch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from cardwright.eventlog.codec import LoggedEvent, decode_event

__all__ = ["EventLog", "FencedError", "LogRow", "NewEvent"]

_TERMINAL = ["dispatched", "request_refused", "preparation_refused"]
_PAGE = 2_000
_SELECT = "SELECT position, stream_id::text, sequence, kind, hash, body FROM event"


class FencedError(Exception):
    """Another writer took over: this process must end and start again."""

    code = "LOG_FENCED"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be appended; ``body`` is what is hashed, stored and published."""

    stream_id: str
    sequence: int
    kind: str
    recorded_at: datetime
    hash: bytes
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogRow:
    """An event with its position in the log."""

    position: int
    stream_id: str
    sequence: int
    kind: str
    hash: bytes
    body: bytes = field(repr=False)

    def decode(self) -> LoggedEvent:
        """Read the event itself."""
        return decode_event(self.body)


class EventLog:
    """Appends with an epoch and reads. Positions are dense and in commit order: one writer."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self.epoch = 0
        self.position = 0
        self._sure = False

    async def take_over(self) -> None:
        """Become the writer: whoever was it before can append no more."""
        async with self._pool.acquire() as db, db.transaction():
            self.epoch = int(
                await db.fetchval("UPDATE writer SET epoch = epoch + 1 RETURNING epoch")
            )
        await self._find_end()

    async def _find_end(self) -> None:
        found = await self._pool.fetchval("SELECT max(position) FROM event")
        self.position, self._sure = int(found or 0), True

    async def append(self, events: Sequence[NewEvent]) -> int:
        """Append all or none; returns the position of the first.

        Raises:
            FencedError: Another writer took over.
            asyncpg.UniqueViolationError: A stream went on without us: read it again.
        """
        if not self._sure:
            await self._find_end()
        # Until the commit is known to have gone through, only the log knows where it ends.
        self._sure = False
        first = self.position + 1
        records = [
            (first + index, e.stream_id, e.sequence, e.kind, e.recorded_at, e.hash, e.body)
            for index, e in enumerate(events)
        ]
        async with self._pool.acquire() as db, db.transaction():
            mine = await db.fetchval("SELECT 1 FROM writer WHERE epoch = $1 FOR SHARE", self.epoch)
            if mine is None:
                raise FencedError(f"epoch {self.epoch} is over: another custody took over")
            await db.copy_records_to_table(
                "event",
                records=records,
                columns=[
                    "position",
                    "stream_id",
                    "sequence",
                    "kind",
                    "recorded_at",
                    "hash",
                    "body",
                ],
            )
        self.position, self._sure = self.position + len(events), True
        return first

    async def streams(self, stream_ids: Collection[str]) -> list[LogRow]:
        """Return all events of these streams, stream by stream in sequence."""
        rows = await self._pool.fetch(
            _SELECT + " WHERE stream_id = ANY($1::uuid[]) ORDER BY stream_id, sequence",
            list(stream_ids),
        )
        return [LogRow(*row) for row in rows]

    async def open_streams(self) -> AsyncIterator[LogRow]:
        """Yield the events of all streams that no terminal event ends, stream by stream."""
        async with self._pool.acquire() as db, db.transaction(readonly=True):
            async for row in db.cursor(
                _SELECT + " WHERE stream_id IN ("  # noqa: S608
                " SELECT stream_id FROM event GROUP BY stream_id"
                " HAVING NOT bool_or(kind = ANY($1::text[]))) ORDER BY stream_id, sequence",
                _TERMINAL,
                prefetch=_PAGE,
            ):
                yield LogRow(*row)

    async def after(self, position: int, limit: int = _PAGE) -> list[LogRow]:
        """Return the events after ``position`` in log order."""
        rows = await self._pool.fetch(
            _SELECT + " WHERE position > $1 ORDER BY position LIMIT $2",
            position,
            limit,
        )
        return [LogRow(*row) for row in rows]

    async def published(self) -> int:
        """Return the position up to which the log is known to be published."""
        return int(await self._pool.fetchval("SELECT position FROM published"))

    async def mark_published(self, position: int) -> None:
        """Note that the log is published up to ``position``."""
        await self._pool.execute("UPDATE published SET position = $1 WHERE position < $1", position)
