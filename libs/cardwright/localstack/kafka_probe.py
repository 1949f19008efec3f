"""A broker's readiness, asked by its own protocol and without a client's retries and logs."""

from __future__ import annotations

import asyncio
import struct

from cardwright.localstack.ports import LOOPBACK

__all__ = ["broker_answers"]

_METADATA, _VERSION = 3, 4  # API key and version (Kafka protocol guide, "Metadata API")
_CORRELATION = 1
_TIMEOUT_S = 5.0


async def broker_answers(port: int) -> bool:
    """Tell whether the broker on the loopback ``port`` lists at least one broker for clients.

    Sends Metadata v4 for no topic. A KRaft broker accepts connections before it may serve; only
    once it is registered and unfenced does it list itself.
    """
    # Header v1: key, version, correlation id, client id. Body: no topics, create none.
    request = struct.pack(">hhihi?", _METADATA, _VERSION, _CORRELATION, -1, 0, False)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            answer = await _exchange(port, request)
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return False
    # Correlation id, throttle time, then the count of brokers.
    correlation, _, brokers = struct.unpack_from(">iii", answer)
    return bool(correlation == _CORRELATION and brokers > 0)


async def _exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        return await reader.readexactly(size)
    finally:
        writer.close()
