"""Attempts on chips in Postgres: a statement a group."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from services.encoding.adapters.gathering import Gathering
from services.encoding.ports import Attempt

__all__ = ["PostgresAttempts"]

_BEGIN = """
INSERT INTO chip_attempt AS a (piece, key_version, next_version)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::smallint[])
ON CONFLICT (piece) DO UPDATE SET
    attempts = a.attempts + 1,
    key_version = excluded.key_version,
    next_version = excluded.next_version,
    last_at = now()
RETURNING piece, attempts
"""
_FORGET = "DELETE FROM chip_attempt WHERE piece = ANY($1::text[])"
_BELONGS = """
WITH fresh AS (
    INSERT INTO chip_piece (chip, piece) SELECT * FROM unnest($1::bytea[], $2::text[])
    ON CONFLICT DO NOTHING RETURNING chip, piece
)
SELECT chip, piece FROM fresh
UNION ALL
SELECT chip, piece FROM chip_piece WHERE chip = ANY($1::bytea[])
"""
_LAST = "SELECT key_version, next_version FROM chip_attempt WHERE piece = $1"


class PostgresAttempts:
    """``services.encoding.ports.Attempts`` in the station's own database.

    Args:
        pool: connections by the station's role.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._begun = Gathering[Attempt, int](self._begin)
        self._made = Gathering[str, None](self._forget)
        self._owned = Gathering[tuple[bytes, str], bool](self._belong)

    async def begin(self, attempt: Attempt) -> int:
        """Record an attempt before it is made; the count of those on this piece, with this one."""
        return await self._begun.of(attempt)

    async def forget(self, piece: str) -> None:
        """Its chip is made."""
        await self._made.of(piece)

    async def last(self, piece: str) -> Attempt | None:
        """Return what was tried last on a piece whose chip was not made."""
        row = await self._pool.fetchrow(_LAST, piece)
        return None if row is None else Attempt(piece, *row)

    async def belongs(self, chip: bytes, piece: str) -> bool:
        """Whether a chip is this piece's, as far as anybody knows; it is from now on."""
        return await self._owned.of((chip, piece))

    async def _belong(self, pairs: Sequence[tuple[bytes, str]]) -> list[bool]:
        ordered = sorted(pairs)
        rows = await self._pool.fetch(
            _BELONGS, [chip for chip, _ in ordered], [piece for _, piece in ordered]
        )
        known = set(map(tuple, rows))
        return [pair in known for pair in pairs]

    async def _begin(self, attempts: Sequence[Attempt]) -> list[int]:
        # In one order, so that two groups can't wait for each other.
        ordered = sorted(attempts, key=lambda each: each.piece)
        rows = await self._pool.fetch(
            _BEGIN,
            [each.piece for each in ordered],
            [each.key_version for each in ordered],
            [each.next_version for each in ordered],
        )
        counts = dict(map(tuple, rows))
        return [counts[each.piece] for each in attempts]

    async def _forget(self, pieces: Sequence[str]) -> list[None]:
        await self._pool.execute(_FORGET, sorted(pieces))
        return [None] * len(pieces)
