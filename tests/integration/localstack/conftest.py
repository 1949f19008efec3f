from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.broker_kafka import KafkaBroker
from cardwright.localstack.choose import state_dir
from cardwright.localstack.kafka_jars import missing_for_kafka
from cardwright.localstack.ports import free_port


@pytest.fixture
def state() -> Iterator[Path]:
    """A directory that a server under another account can enter, which tmp_path is not."""
    directory = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module", params=["embedded", "kafka"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each broker that can run here."""
    why_not = missing_for_kafka() if request.param == "kafka" else None
    if why_not:
        pytest.skip(why_not)
    return str(request.param)


def new_broker(kind: str, data_dir: Path) -> EmbeddedBroker | KafkaBroker:
    if kind == "embedded":
        return EmbeddedBroker(data_dir, free_port())
    return KafkaBroker(data_dir, free_port(), jars=state_dir() / "kafka" / "lib")


@pytest.fixture(scope="module")
def broker(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedBroker | KafkaBroker]:
    """A running broker for tests that leave it as they found it."""
    server = new_broker(kind, tmp_path_factory.mktemp(kind))
    try:
        in_own_loop(server.start())
        yield server
    finally:
        in_own_loop(server.stop())


@pytest_asyncio.fixture
async def own_broker(kind: str, tmp_path: Path) -> AsyncIterator[EmbeddedBroker | KafkaBroker]:
    """A broker, not yet started, for tests that start, stop and kill it."""
    server = new_broker(kind, tmp_path)
    try:
        yield server
    finally:
        await server.stop()


def in_own_loop(work: Coroutine[None, None, None]) -> None:
    """Run it in another thread's event loop: this one's belongs to the tests."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
