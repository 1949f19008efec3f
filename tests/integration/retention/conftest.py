from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.line.databases import migrate_all
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from tests.integration.retention.house import House, open_house


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server with every database and role of a line."""
    folder = Path(tempfile.mkdtemp(prefix="cardwright-retention-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, free_port())
    try:
        _in_own_loop(_prepared(server))
        yield server
    finally:
        _in_own_loop(server.stop())
        shutil.rmtree(folder)


async def _prepared(server: EmbeddedPostgres) -> None:
    await server.start()
    await migrate_all(server.dsn, lambda _: "test")


def _in_own_loop(work: Awaitable[None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()  # type: ignore[arg-type]  # a coroutine


@pytest_asyncio.fixture
async def house(postgres: EmbeddedPostgres) -> AsyncIterator[House]:
    async with open_house(postgres) as opened:
        yield opened
