"""The query service in the test's own loop, and custody's part of publishing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from cardwright.bus import Outbound, Producer
from cardwright.bus.topics import EVENTS
from cardwright.eventlog.log import LogRow
from cardwright.localstack.waiting import until
from cardwright.rpc.query_client import QueryClient
from cardwright.settings import Settings
from services.query.main import serve

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass
class Service:
    """A running service and a client of it."""

    client: QueryClient
    address: str
    task: asyncio.Task[None]

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@dataclass
class Floor:
    """Where the service runs."""

    settings: Settings
    stack: contextlib.AsyncExitStack

    @property
    def dsn(self) -> str:
        return self.settings.require("database").reveal()

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Connection]:
        """A connection as the service's own role."""
        db = await asyncpg.connect(self.dsn)
        try:
            yield db
        finally:
            await db.close()

    async def publish(self, rows: Iterable[LogRow]) -> None:
        async with Producer(self.settings.kafka, client_id="custody") as producer:
            await producer.send(
                Outbound(EVENTS, row.stream_id, row.body, (("cwposition", b"%d" % row.position),))
                for row in rows
            )

    async def start(self) -> Service:
        task = asyncio.create_task(serve(self.settings))
        port_file = self.settings.state / "query.port"

        async def bound() -> bool:
            if task.done():
                task.result()
            return port_file.exists() and port_file.read_text().endswith("\n")

        await until(bound, 20, "the service has bound its port")
        address = f"127.0.0.1:{port_file.read_text().strip()}"
        client = await self.stack.enter_async_context(QueryClient(address))
        service = Service(client, address, task)
        self.stack.push_async_callback(service.stop)
        return service


async def watch_until(client: QueryClient, last: int, token: str = "0") -> list[int]:
    """Return the positions that a watch yields, up to ``last``."""
    seen: list[int] = []
    async with asyncio.timeout(30), contextlib.aclosing(client.watch(token)) as changes:
        async for change in changes:
            seen.append(int(change.resume_token))
            if seen[-1] == last:
                break
    return seen
