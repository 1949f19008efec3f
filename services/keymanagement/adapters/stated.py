"""The tables of what was stated of the module's journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
from uuid_utils.compat import uuid7

from cardwright.hsm.inventory import JournalEntry

__all__ = ["Last", "StatedTable"]

Executor: TypeAlias = (
    "asyncpg.Pool[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


@dataclass(frozen=True, slots=True)
class Last:
    """The last entry that was stated; number 0 and no hash before the first."""

    entry: int = 0
    hash: bytes = b""


class StatedTable:
    """SQL of both tables. Methods take the connection, so they join the caller's transaction."""

    async def last(self, db: Executor) -> Last:
        """Return the last entry that was stated."""
        row = await db.fetchrow("SELECT entry, hash FROM journal_entry ORDER BY entry DESC LIMIT 1")
        return Last(row["entry"], row["hash"]) if row else Last()

    async def streams(self, db: Executor, key_ids: Sequence[str]) -> dict[str, str]:
        """Return keys' streams; one that has none is given one."""
        await db.execute(
            "INSERT INTO key_stream (key_id, stream_id)"
            " SELECT * FROM unnest($1::text[], $2::uuid[])"
            " ON CONFLICT (key_id) DO NOTHING",
            list(key_ids),
            [str(uuid7()) for _ in key_ids],
        )
        rows = await db.fetch(
            "SELECT key_id, stream_id::text FROM key_stream WHERE key_id = ANY($1::text[])",
            list(key_ids),
        )
        return {row["key_id"]: row["stream_id"] for row in rows}

    async def put(self, db: Executor, entries: Sequence[JournalEntry]) -> None:
        """Note entries as stated."""
        await db.execute(
            "INSERT INTO journal_entry (entry, hash)"
            " SELECT * FROM unnest($1::bigint[], $2::bytea[])",
            [entry.entry for entry in entries],
            [entry.hash for entry in entries],
        )
