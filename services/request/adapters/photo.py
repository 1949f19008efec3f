"""Is it a photo? A JPEG is decoded at an eighth of its size, a PNG's checksums are checked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from services.request.domain.model import Photo

__all__ = ["classify", "classify_batch"]

PIXELS_MAX = 24_000_000
_THUMBNAIL = (64, 64)
# What Pillow's readers raise on octets that are not what they seem.
_NOT_AN_IMAGE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


async def classify_batch(photos: Sequence[bytes]) -> list[Photo]:
    """Classify photos in a thread, away from the event loop."""
    return await asyncio.to_thread(lambda: [classify(photo) for photo in photos])


def classify(photo: bytes) -> Photo:
    """Tell what ``photo`` is, from its header, its size and a check of the whole."""
    if not photo:
        return Photo.ABSENT
    try:
        with Image.open(BytesIO(photo), formats=("JPEG", "PNG")) as image:
            width, height = image.size
            if width * height > PIXELS_MAX:
                return Photo.NOT_AN_IMAGE
            _check_whole(image)
    except _NOT_AN_IMAGE:
        return Photo.NOT_AN_IMAGE
    return Photo.IMAGE


def _check_whole(image: Image.Image) -> None:
    if image.format == "JPEG":
        image.draft("L", _THUMBNAIL)
        image.load()
    else:
        image.verify()
