from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cardwright.line.databases import migrate_all
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A cluster with all databases, roles and tables of the line."""
    folder = Path(tempfile.mkdtemp(prefix="cardwright-log-"))
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
