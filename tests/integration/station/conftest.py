from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cardwright.line.databases import migrate_all
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres

sys.path.insert(0, str(Path(__file__).parents[2] / "unit" / "station"))


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A cluster with all databases, roles and tables of the line."""
    folder = Path(tempfile.mkdtemp(prefix="cardwright-work-"))
    folder.chmod(0o711)
    made = EmbeddedPostgres(folder, free_port())

    async def up() -> None:
        await made.start()
        await migrate_all(made.dsn, lambda _: "test")

    try:
        in_own_loop(up())
        yield made
    finally:
        in_own_loop(made.stop())
        shutil.rmtree(folder)


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    """The station's own role, on a table with nothing in it."""
    owner = await asyncpg.connect(server.dsn("cardwright_printing"))
    await owner.execute("TRUNCATE work")
    await owner.close()
    dsn = server.dsn("cardwright_printing", "cw_printing", "test")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=6) as made:
        yield made
