"""Asking the query service to rebuild its projection from the published log, while it serves."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg

__all__ = ["await_rebuild", "request_rebuild"]

_LOOK_EVERY_S: Final = 0.2


async def request_rebuild(dsn: str) -> int:
    """Ask for a rebuild; returns its number.

    Args:
        dsn: the query service's database, with a role that may update ``control``.
    """
    db = await asyncpg.connect(dsn)
    try:
        return int(
            await db.fetchval("UPDATE public.control SET wanted = wanted + 1 RETURNING wanted")
        )
    finally:
        await db.close()


async def await_rebuild(dsn: str, number: int) -> None:
    """Wait until rebuild ``number`` is done and serves. Bound it with ``asyncio.timeout``."""
    db = await asyncpg.connect(dsn)
    try:
        while await db.fetchval("SELECT done FROM public.control") < number:  # noqa: ASYNC110  # a row
            await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        await db.close()
