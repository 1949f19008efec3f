"""One machine behind one TCP port: requests in, replies out, in order, connection by connection."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cardwright.devices import fields
from cardwright.devices.errors import DeviceError
from cardwright.devices.frames import MAX_BODY, Frame, encode, read_frame

__all__ = ["Handler", "Machine", "Reply", "answer", "serve"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command gave back: the "ok" object and a raw body."""

    ok: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


Handler = Callable[[Frame], Awaitable[Reply]]


class Machine(Protocol):
    """What the server drives."""

    @property
    def commands(self) -> Mapping[str, Handler]:
        """The handlers by command name."""

    def recover(self) -> None:
        """Settle what the last death left open; called once, before the first request."""

    async def run(self) -> None:
        """The mechanics; runs until cancelled, and an end by itself is a broken machine."""

    async def close(self) -> None:
        """Finish what is in hand and make it durable."""


async def answer(machine: Machine, request: Frame) -> bytes:
    """Carry out one request and return the octets of its reply."""
    request_id = request.header.get("id")
    try:
        reply = await _handler(machine, request)(request)
    except DeviceError as fault:
        return encode({"id": request_id, "error": {"code": fault.code, "message": str(fault)}})
    return encode({"id": request_id, "ok": reply.ok}, reply.body)


def _handler(machine: Machine, request: Frame) -> Handler:
    handler = machine.commands.get(fields.text(request.header, "command"))
    if handler is None:
        raise DeviceError("UNKNOWN_COMMAND", f"known: {', '.join(sorted(machine.commands))}")
    return handler


async def serve(machine: Machine, port: int, port_file: Path | None = None) -> None:
    """Run a machine on 127.0.0.1 until SIGTERM or SIGINT.

    Prints ``{"ready": true, "port": N}`` once it listens (port 0 lets the system choose), and
    writes the number to ``port_file`` too. An error of the mechanics ends the process: broken.
    """
    machine.recover()
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await _converse(machine, reader, writer)
        finally:
            connections.discard(task)

    mechanics = asyncio.create_task(machine.run())
    stopped = asyncio.create_task(_stop_signal())
    # A card's two faces are some 4 MB: a small stream buffer would pause at each 64 KiB.
    server = await asyncio.start_server(connected, "127.0.0.1", port, limit=MAX_BODY // 8)
    _announce(server.sockets[0].getsockname()[1], port_file)
    await asyncio.wait({mechanics, stopped}, return_when=asyncio.FIRST_COMPLETED)
    server.close()
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
    if mechanics.done():
        mechanics.result()
    await machine.close()
    mechanics.cancel()
    await asyncio.gather(mechanics, return_exceptions=True)


async def _converse(
    machine: Machine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while (request := await read_frame(reader)) is not None:
            writer.write(await answer(machine, request))
            await writer.drain()
    except DeviceError as fault:  # the stream is out of step: say so and hang up
        writer.write(encode({"id": None, "error": {"code": fault.code, "message": str(fault)}}))
    except (ConnectionError, asyncio.CancelledError):
        pass  # the driver is gone, or the machine is stopping: jobs go on without a listener
    finally:
        writer.close()


async def _stop_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _announce(port: int, port_file: Path | None) -> None:
    if port_file is not None:
        draft = port_file.with_name(f"{port_file.name}.part")
        draft.write_text(str(port))
        draft.replace(port_file)
    ready = {"ready": True, "port": port, "pid": os.getpid()}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
