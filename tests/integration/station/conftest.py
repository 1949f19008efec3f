from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cardwright.localstack.postgres import EmbeddedPostgres


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """The station's own role, on a table with nothing in it."""
    owner = await asyncpg.connect(server.dsn("cardwright_printing"))
    await owner.execute("TRUNCATE work")
    await owner.close()
    dsn = server.dsn("cardwright_printing", "cw_printing", "test")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as made:
        yield made
