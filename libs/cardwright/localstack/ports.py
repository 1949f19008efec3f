"""TCP ports of the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket

from cardwright.localstack.errors import NotReadyError, PortInUseError
from cardwright.localstack.waiting import until

__all__ = ["LOOPBACK", "free_port", "port_answers", "require_free_port"]

LOOPBACK = "127.0.0.1"
_LINGER_S = 2.0
_SERVERS = range(15_000, 32_000)
_TRIES = 50


def free_port() -> int:
    """Return a TCP port that nobody listens on at this moment, good for a server that may restart.

    It is below the ports that the kernel gives to outgoing connections (Linux: from 32768). In that
    range a connection could take a server's port while the server is down, even by connecting to
    itself, and the server could never come back.

    Raises:
        PortInUseError: no port was free.
    """
    for port in random.sample(_SERVERS, _TRIES):
        if _binds(port):
            return port
    raise PortInUseError(f"none of {_TRIES} ports of {_SERVERS} is free: stop other programs")


async def require_free_port(port: int, wanted_by: str) -> None:
    """Return when nobody listens on ``port``.

    Without this check a readiness probe could mistake another program for the one just started.
    A killed server's socket outlives the process by a moment, which is waited for.

    Raises:
        PortInUseError: another program keeps the port.
    """
    try:
        await until(lambda: _is_free(port), _LINGER_S, f"port {port} is free")
    except NotReadyError as taken:
        raise PortInUseError(
            f"{wanted_by} needs port {port}, which another program holds:"
            " stop that program or choose another port"
        ) from taken


async def port_answers(port: int) -> bool:
    """Tell whether a TCP connection to the loopback ``port`` is accepted."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _is_free(port: int) -> bool:
    return _binds(port)


def _binds(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of a server that has stopped linger in TIME_WAIT; they are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
