"""The row that says which projection serves and which rebuild is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

__all__ = ["Asked", "Control"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the row says: rebuilds are numbered, and up to ``done`` they are done."""

    serving: int
    wanted: int
    done: int


class Control:
    """Reads and answers the row; `cardwright.audit.rebuild` asks."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def read(self) -> Asked:
        """Return what is asked for."""
        row = await self._pool.fetchrow("SELECT serving, wanted, done FROM public.control")
        assert row is not None, "the migration inserts it"
        return Asked(*row)

    async def switch(self, slot: int, done: int) -> None:
        """Let ``slot`` serve: from now on, after any restart."""
        await self._pool.execute("UPDATE public.control SET serving = $1, done = $2", slot, done)
