from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres

MIGRATIONS = sorted(Path("services/request/migrations").glob("*.sql"))


@pytest.fixture(scope="module")
def request_database() -> Iterator[str]:
    """DSN of an empty ``cardwright_request``, in the role of the service."""
    folder = Path(tempfile.mkdtemp(prefix="cardwright-request-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder, free_port())
    try:
        in_own_loop(lambda: prepared(server))
        yield server.dsn("cardwright_request", "cw_request", "test")
    finally:
        in_own_loop(server.stop)
        shutil.rmtree(folder)


async def prepared(server: EmbeddedPostgres) -> None:
    await server.start()
    connection = await asyncpg.connect(server.dsn())
    await connection.execute("CREATE ROLE cw_request LOGIN PASSWORD 'test'")
    await connection.execute("CREATE DATABASE cardwright_request")
    await connection.close()
    connection = await asyncpg.connect(server.dsn("cardwright_request"))
    for migration in MIGRATIONS:
        await connection.execute(migration.read_text())
    await connection.close()


def in_own_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
