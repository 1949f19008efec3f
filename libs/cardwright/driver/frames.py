"""Frames of the device protocol: ``length (4) | JSON header | length (4) | raw body``.

Lengths are big-endian; a header has at most 1 MiB, a body at most 64 MiB.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from cardwright.driver.errors import DeviceLostError

__all__ = ["MAX_BODY", "MAX_HEADER", "encode", "read_frame"]

MAX_HEADER: Final = 1 << 20
MAX_BODY: Final = 64 << 20
_LENGTH: Final = 4


def encode(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return the octets of one frame.

    Raises:
        ValueError: A part is larger than the protocol allows.
    """
    text = json.dumps(header, separators=(",", ":")).encode()
    if len(text) > MAX_HEADER or len(body) > MAX_BODY:
        raise ValueError(f"a frame of {len(text)} + {len(body)} octets exceeds the protocol")
    lengths = (len(text).to_bytes(_LENGTH, "big"), len(body).to_bytes(_LENGTH, "big"))
    return b"".join((lengths[0], text, lengths[1], body))


async def read_frame(reader: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Read one frame's header and body.

    Raises:
        DeviceLostError: DEVICE_LOST or DEVICE_OUT_OF_STEP.
    """
    try:
        text = await _part(reader, MAX_HEADER)
        body = await _part(reader, MAX_BODY)
    except (asyncio.IncompleteReadError, OSError):
        raise DeviceLostError("DEVICE_LOST", "the machine hung up") from None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise DeviceLostError("DEVICE_OUT_OF_STEP", "a reply's header is no JSON") from None
    if not isinstance(header, dict):
        raise DeviceLostError("DEVICE_OUT_OF_STEP", "a reply's header is no JSON object")
    return header, body


async def _part(reader: asyncio.StreamReader, limit: int) -> bytes:
    size = int.from_bytes(await reader.readexactly(_LENGTH), "big")
    if size > limit:
        raise DeviceLostError("DEVICE_OUT_OF_STEP", f"a reply's part of {size} octets")
    return await reader.readexactly(size)
