"""Connection pools of services."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

__all__ = ["open_pool"]


async def open_pool(
    dsn: str, connections: int, server_settings: Mapping[str, str] | None = None
) -> asyncpg.Pool[asyncpg.Record]:
    """Open a pool of up to ``connections`` that are not reset between uses.

    A reset costs a round trip after every query, and no service changes its session: no SET, no
    LISTEN, no advisory lock that outlives its transaction.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=connections,
        reset=_leave_as_it_is,
        server_settings=dict(server_settings or {}),
    )


async def _leave_as_it_is(_: object) -> None:
    """Reset nothing; asyncpg itself has ended what was left open."""
