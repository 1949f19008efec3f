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

from cardwright.bus.topics import EVENTS
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.topics import FOREVER_MS, TopicSpec, ensure_topics
from cardwright.secret import SecretText
from tests.integration.audit.audit_floor import Floor

MIGRATION = Path("services/custody/migrations/0001_log.sql").read_text()


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster for all tests of a module; started in a loop of its own."""
    # Under a directory that a server under another account can enter, which tmp_path is not.
    folder = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "postgres", free_port())
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(asyncio.run, server.start()).result()
            yield server
        finally:
            thread.submit(asyncio.run, server.stop()).result()
            shutil.rmtree(folder)


@pytest_asyncio.fixture
async def floor(postgres: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Floor]:
    """An empty log and an empty topic."""
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute("DROP DATABASE IF EXISTS cardwright_log WITH (FORCE)")
    for role in ("cw_custody", "cw_auditor"):
        await admin.execute(f"DROP ROLE IF EXISTS {role}")
        await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'")
    await admin.execute("CREATE DATABASE cardwright_log")
    await admin.close()
    owner = await asyncpg.connect(postgres.dsn("cardwright_log"))
    await owner.execute(MIGRATION.replace(":role", "cw_custody"))
    broker = EmbeddedBroker(tmp_path / "broker", free_port())
    try:
        await broker.start()
        await ensure_topics(broker.bootstrap, [TopicSpec(EVENTS, 3, FOREVER_MS)])
        yield Floor(
            owner=owner,
            custody=postgres.dsn("cardwright_log", "cw_custody", "cw_custody"),
            auditor=SecretText(postgres.dsn("cardwright_log", "cw_auditor", "cw_auditor")),
            bootstrap=broker.bootstrap,
        )
    finally:
        await broker.stop()
        await owner.close()
