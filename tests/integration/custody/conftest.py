from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from cardwright.localstack.postgres import EmbeddedPostgres

LOG = "cardwright_log"


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """Custody's own role."""
    async with asyncpg.create_pool(server.dsn(LOG, "cw_custody", "test"), min_size=1) as made:
        yield made


@pytest.fixture
async def owner(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The superuser: even it can't change the log by mistake."""
    connection = await asyncpg.connect(server.dsn(LOG))
    yield connection
    await connection.close()
