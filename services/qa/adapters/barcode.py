"""Reads the codes on a photographed face with ZXing-C++."""

from __future__ import annotations

import io
from typing import Final

import zxingcpp
from PIL import Image, UnidentifiedImageError

__all__ = ["read_barcodes"]

_PRINTED: Final = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128]
)
"""The codes that card designs have."""


def read_barcodes(jpeg: bytes) -> tuple[str, ...]:
    """Return the texts of all codes on a face; none when there is no face, or no code on it.

    It takes some milliseconds of computing: call it off the event loop.
    """
    try:
        picture = Image.open(io.BytesIO(jpeg))
        picture.draft("L", picture.size)  # brightness is all a code has: skip the colours
        face = picture.convert("L")
    except (UnidentifiedImageError, OSError):
        return ()
    # A card lies straight under the camera: the thorough search is for those that do not read.
    found = zxingcpp.read_barcodes(
        face, formats=_PRINTED, try_rotate=False, try_downscale=False, try_invert=False
    ) or zxingcpp.read_barcodes(face, formats=_PRINTED)
    return tuple(code.text for code in found)
