"""The faces of a print job: from the raster on the wire to the JPEG a camera would take."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from cardwright.devices import fields
from cardwright.devices.errors import DeviceError

__all__ = ["Raster", "to_jpegs", "unpack_raster"]

_QUALITY = 85
_CHANNELS = {"RGB": 3, "L": 1}


@dataclass(frozen=True, slots=True)
class Raster:
    """One or two faces, rows top to bottom, without padding.

    Attributes:
        width, height: in pixels.
        dpi: pixels per inch, as the driver rendered.
        mode: "RGB" or "L" (8 bits a channel).
        faces: front, and the back if there is one; holds personal data, so not in the repr.
    """

    width: int
    height: int
    dpi: int
    mode: str
    faces: tuple[bytes, ...] = field(repr=False)


def unpack_raster(header: Mapping[str, Any], body: bytes) -> Raster | None:
    """Read a PRINT request's artwork; None for an empty body (a blank pass).

    Raises:
        DeviceError: BAD_FIELD, or BAD_RASTER when the octets are not one or two whole faces.
    """
    if not body:
        return None
    width, height = (fields.whole(header, side, 1, 4096) for side in ("width", "height"))
    dpi = fields.whole(header, "dpi", 72, 1200, 300)
    mode = fields.choice(header, "mode", tuple(_CHANNELS), "RGB")
    packing = fields.choice(header, "encoding", ("raw", "zlib"), "raw")
    face = width * height * _CHANNELS[mode]
    pixels = body if packing == "raw" else _inflate(body, 2 * face)
    if len(pixels) not in {face, 2 * face}:
        raise DeviceError("BAD_RASTER", f"expected one or two faces of {face} octets")
    parts = tuple(pixels[at : at + face] for at in range(0, len(pixels), face))
    return Raster(width, height, dpi, mode, parts)


def to_jpegs(raster: Raster, *, smudged: bool = False) -> list[bytes]:
    """What the cameras will see of each printed face."""
    return [_jpeg(raster, face, smudged=smudged) for face in raster.faces]


def _jpeg(raster: Raster, face: bytes, *, smudged: bool) -> bytes:
    image = Image.frombytes(raster.mode, (raster.width, raster.height), face)
    if smudged:
        _smudge(image)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, dpi=(raster.dpi, raster.dpi))
    return file.getvalue()


def _smudge(image: Image.Image) -> None:
    """A dirty roller: a streak across the card, and its lower half, where codes lie, blotted."""
    width, height = image.size
    draw = ImageDraw.Draw(image)
    ink = 40 if image.mode == "L" else (40, 40, 40)
    draw.line((0, height // 3, width, height // 4), fill=ink, width=max(1, height // 20))
    for column in range(0, width, 8):  # bars of its own: a decoder must not read around them
        draw.rectangle((column, height // 2, column + 4, height), fill=ink)


def _inflate(body: bytes, limit: int) -> bytes:
    """Decompress no more than ``limit`` octets: a small body must not fill the memory."""
    inflater = zlib.decompressobj()
    try:
        pixels = inflater.decompress(body, limit)
    except zlib.error as fault:
        raise DeviceError("BAD_RASTER", "the body is no zlib stream") from fault
    if not inflater.eof and inflater.decompress(inflater.unconsumed_tail, 1):
        raise DeviceError("BAD_RASTER", "the body holds more than two faces")
    return pixels
