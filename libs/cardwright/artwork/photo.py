"""Photos from outside: bounded, JPEG or PNG only, decoded once and scaled to their box.

Messages speak of sizes, never of the picture's content or origin.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from PIL import Image, ImageOps

from cardwright.artwork.errors import PhotoError

__all__ = [
    "MAX_PHOTO_BYTES",
    "MAX_PHOTO_PIXELS",
    "MIN_PHOTO_HEIGHT",
    "MIN_PHOTO_WIDTH",
    "UNDECODABLE",
    "PhotoInfo",
    "check_photo",
    "scaled_photo",
]

MAX_PHOTO_BYTES: Final = 4 * 1024 * 1024
MAX_PHOTO_PIXELS: Final = 16_000_000
MIN_PHOTO_WIDTH: Final = 240
MIN_PHOTO_HEIGHT: Final = 300
# What Pillow's JPEG, PNG and EXIF readers raise for damaged octets, found by fuzzing them; a
# UserWarning is raised only in a process that makes warnings errors.
UNDECODABLE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    UserWarning,
)


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """What may be said about a photo: its format and its upright size in pixels."""

    format: Literal["JPEG", "PNG"]
    width: int
    height: int


def check_photo(data: bytes) -> PhotoInfo:
    """Decode a photo completely and tell what it is.

    Raises:
        PhotoError: PHOTO_NOT_AN_IMAGE, PHOTO_TOO_SMALL or PHOTO_TOO_LARGE.
    """
    image = _open(data)
    kind: Literal["JPEG", "PNG"] = "JPEG" if image.format in ("JPEG", "MPO") else "PNG"
    upright = _decode(image)
    return PhotoInfo(kind, upright.width, upright.height)


def scaled_photo(
    data: bytes, size: tuple[int, int], fit: Literal["cover", "contain"], background: str
) -> Image.Image:
    """Decode a photo and scale it to exactly ``size`` pixels, cropped or with margins.

    A portrait cropped in height keeps more of its upper part, where the face is.

    Raises:
        PhotoError: as ``check_photo``.
    """
    image = _open(data)
    # A JPEG decodes straight to the next half, quarter or eighth that still covers the box.
    image.draft("RGB", (max(size), max(size)))
    upright = _decode(image)
    if fit == "cover":
        return ImageOps.fit(upright, size, Image.Resampling.BICUBIC, centering=(0.5, 0.35))
    return ImageOps.pad(upright, size, Image.Resampling.BICUBIC, color=background)


def _open(data: bytes) -> Image.Image:
    if len(data) > MAX_PHOTO_BYTES:
        raise PhotoError(
            "PHOTO_TOO_LARGE",
            f"the photo has {len(data)} octets and may have {MAX_PHOTO_BYTES}; compress it",
        )
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UNDECODABLE as error:
        raise _not_an_image() from error
    if image.width * image.height > MAX_PHOTO_PIXELS:
        raise _too_many_pixels()
    if image.width < MIN_PHOTO_WIDTH or image.height < MIN_PHOTO_HEIGHT:
        raise PhotoError(
            "PHOTO_TOO_SMALL",
            f"the photo is {image.width} x {image.height} px and needs at least "
            f"{MIN_PHOTO_WIDTH} x {MIN_PHOTO_HEIGHT}; send a larger one",
        )
    return image


def _decode(image: Image.Image) -> Image.Image:
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
    except UNDECODABLE as error:
        raise _not_an_image() from error
    if upright.mode == "RGB":
        return upright
    if upright.has_transparency_data:
        sheet = Image.new("RGBA", upright.size, "#FFFFFF")
        sheet.alpha_composite(upright.convert("RGBA"))
        return sheet.convert("RGB")
    return upright.convert("RGB")


def _not_an_image() -> PhotoError:
    return PhotoError("PHOTO_NOT_AN_IMAGE", "the photo is no whole JPEG or PNG; send another")


def _too_many_pixels() -> PhotoError:
    return PhotoError(
        "PHOTO_TOO_LARGE", f"the photo has more than {MAX_PHOTO_PIXELS} pixels; scale it down"
    )
