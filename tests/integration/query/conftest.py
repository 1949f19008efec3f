from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cardwright.bus.topics import EVENTS
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.topics import FOREVER_MS, TopicSpec, ensure_topics
from cardwright.settings import Settings
from tests.integration.query.query_floor import Floor

MIGRATION = Path("services/query/migrations/0001_projection.sql").read_text()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A directory that a server under another account can enter, which tmp_path is not."""
    directory = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    """A cluster for all tests of a module; started in a loop of its own."""
    server = EmbeddedPostgres(folder / "postgres", free_port())
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(asyncio.run, server.start()).result()
            yield server
        finally:
            thread.submit(asyncio.run, server.stop()).result()


@pytest_asyncio.fixture
async def floor(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Floor]:
    """An empty topic, a migrated database, and the means to run the service on them."""
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute("DROP DATABASE IF EXISTS cardwright_query WITH (FORCE)")
    await admin.execute("DROP ROLE IF EXISTS cw_query")
    await admin.execute("CREATE ROLE cw_query LOGIN PASSWORD 'query'")
    await admin.execute("CREATE DATABASE cardwright_query")
    await admin.close()
    owner = await asyncpg.connect(postgres.dsn("cardwright_query"))
    await owner.execute(MIGRATION.replace(":role", "cw_query"))
    await owner.close()
    broker = EmbeddedBroker(tmp_path / "broker", free_port())
    try:
        await broker.start()
        await ensure_topics(broker.bootstrap, [TopicSpec(EVENTS, 3, FOREVER_MS)])
        settings = Settings.from_environment(
            {
                "CARDWRIGHT_KAFKA": broker.bootstrap,
                "CARDWRIGHT_DATABASE": postgres.dsn("cardwright_query", "cw_query", "query"),
                "CARDWRIGHT_STATE": str(tmp_path),
            }
        )
        async with contextlib.AsyncExitStack() as stack:
            yield Floor(settings, stack)
    finally:
        await broker.stop()
