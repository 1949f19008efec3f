"""The device wire format: a JSON header and a raw body, each behind a 4-octet length.

``header length (4, big-endian) | header (JSON object, UTF-8) | body length (4) | body``
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardwright.devices.errors import DeviceError

__all__ = ["MAX_BODY", "MAX_HEADER", "Frame", "decode", "encode", "read_frame"]

MAX_HEADER = 1 << 20
MAX_BODY = 64 << 20
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Frame:
    """One request or reply.

    Attributes:
        header: a JSON object; a request has "id" and "command", a reply "id" and "ok" or "error".
        body: raw octets (rasters, APDUs, images); never logged and not part of the repr.
    """

    header: Mapping[str, Any]
    body: bytes = b""

    def __repr__(self) -> str:
        command = self.header.get("command", "reply")
        return f"Frame({command!r}, <{len(self.body)} octets>)"


def encode(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return the octets of one frame; FRAME_TOO_LARGE if a part exceeds its limit."""
    text = json.dumps(header, separators=(",", ":")).encode()
    _checked(len(text), MAX_HEADER)
    _checked(len(body), MAX_BODY)
    return b"".join((_LENGTH.pack(len(text)), text, _LENGTH.pack(len(body)), body))


def decode(data: bytes) -> tuple[Frame, int] | None:
    """Return the first frame in ``data`` and its length in octets, or None if more is needed."""
    header_end = _part_end(data, 0, MAX_HEADER)
    if header_end is None:
        return None
    body_end = _part_end(data, header_end, MAX_BODY)
    if body_end is None:
        return None
    header = _parse_header(data[_LENGTH.size : header_end])
    return Frame(header, data[header_end + _LENGTH.size : body_end]), body_end


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """Read one frame; None when the peer closed between frames.

    Raises:
        DeviceError: FRAME_TOO_LARGE, BAD_HEADER or FRAME_CUT; the stream is then out of step.
    """
    try:
        prefix = await reader.readexactly(_LENGTH.size)
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise _cut() from end
        return None
    try:
        text = await reader.readexactly(_checked(int.from_bytes(prefix, "big"), MAX_HEADER))
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        body = await reader.readexactly(_checked(size, MAX_BODY))
    except asyncio.IncompleteReadError as end:
        raise _cut() from end
    return Frame(_parse_header(text), body)


def _part_end(data: bytes, start: int, limit: int) -> int | None:
    """Where the length-prefixed part at ``start`` ends, or None while it is incomplete."""
    if len(data) < start + _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack_from(data, start)
    end = start + _LENGTH.size + _checked(size, limit)
    return end if len(data) >= end else None


def _parse_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise DeviceError("BAD_HEADER", "a frame header must be JSON in UTF-8") from fault
    if not isinstance(header, dict):
        raise DeviceError("BAD_HEADER", "a frame header must be a JSON object")
    return header


def _checked(size: int, limit: int) -> int:
    if size > limit:
        raise DeviceError("FRAME_TOO_LARGE", f"a frame part of {size} octets exceeds {limit}")
    return size


def _cut() -> DeviceError:
    return DeviceError("FRAME_CUT", "the connection ended in the middle of a frame")
