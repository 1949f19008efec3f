"""A machine whose every answer a test writes itself, frame by frame."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Conversation = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The machine's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hear(self) -> dict[str, Any]:
        header = json.loads(await self._part())
        header["body"] = await self._part()
        return dict(header)

    def say(self, header: Any, body: bytes = b"") -> None:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        self.writer.write(struct.pack(">I", len(text)) + text)
        self.writer.write(struct.pack(">I", len(body)) + body)

    async def _part(self) -> bytes:
        (size,) = struct.unpack(">I", await self.reader.readexactly(4))
        return await self.reader.readexactly(size)


@asynccontextmanager
async def machine(*conversations: Conversation) -> AsyncIterator[int]:
    """Serve one conversation a connection, in turn, then hang up; yields the port."""
    turns = iter(conversations)
    running: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await next(turns)(Peer(reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the driver hung up first, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
