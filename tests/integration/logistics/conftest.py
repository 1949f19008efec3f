"""A Postgres with the logistics database, and a pool with the service's own role."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres

ROLE, PASSWORD = "cw_logistics", "only-for-tests"
MIGRATIONS = sorted((Path(__file__).parents[3] / "services/logistics/migrations").glob("*.sql"))
TABLES = "dispatch, packed, box, sscc_counter, stock_ledger"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, free_port())
    try:
        with ThreadPoolExecutor(1) as thread:  # its loop is not the tests'
            thread.submit(asyncio.run, _prepared(server)).result()
        yield server
    finally:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, server.stop()).result()
        shutil.rmtree(folder)


async def _prepared(server: EmbeddedPostgres) -> None:
    await server.start()
    owner = await asyncpg.connect(server.dsn())
    await owner.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
    for migration in MIGRATIONS:
        await owner.execute(migration.read_text().replace(":role", ROLE))
    await owner.close()


@pytest_asyncio.fixture
async def owner(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """The owner's connection to an emptied database."""
    connection = await asyncpg.connect(postgres.dsn())
    await connection.execute(f"TRUNCATE {TABLES}")
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def pool(
    postgres: EmbeddedPostgres, owner: asyncpg.Connection[asyncpg.Record]
) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """The service's own role, which owns nothing."""
    assert not owner.is_closed()
    dsn = postgres.dsn("postgres", ROLE, PASSWORD)
    async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as one:
        yield one
