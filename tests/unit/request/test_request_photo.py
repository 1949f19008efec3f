from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.request.adapters.photo import classify, classify_batch
from services.request.domain.model import Photo
from tests.unit.request.request_support import image


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_photos(kind: str) -> None:
    assert classify(image(kind)) is Photo.IMAGE


@pytest.mark.parametrize("path", sorted(Path("examples/photos").glob("*.jpg")), ids=str)
def test_example_portraits(path: Path) -> None:
    assert classify(path.read_bytes()) is Photo.IMAGE


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    assert classify(image(kind)) is Photo.NOT_AN_IMAGE


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_half_a_photo_is_refused(kind: str) -> None:
    whole = image(kind)
    assert classify(whole[: len(whole) // 2]) is Photo.NOT_AN_IMAGE


@pytest.mark.parametrize("side", [5_000, 30_000, 100_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )
    assert classify(png) is Photo.NOT_AN_IMAGE


@pytest.mark.parametrize(("height", "expected"), [(4_800, "IMAGE"), (4_801, "NOT_AN_IMAGE")])
def test_a_photo_has_at_most_24_megapixels(height: int, expected: str) -> None:
    buffer = BytesIO()
    Image.new("1", (5_000, height)).save(buffer, "PNG")
    assert classify(buffer.getvalue()) is Photo[expected]


def test_no_photo_is_absent() -> None:
    assert classify(b"") is Photo.ABSENT


async def test_a_batch_keeps_its_order() -> None:
    photos = [image("JPEG"), b"", b"no"]
    assert await classify_batch(photos) == [Photo.IMAGE, Photo.ABSENT, Photo.NOT_AN_IMAGE]


@given(st.binary(min_size=1, max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n"]))
def test_octets_never_break_it(content: bytes, magic: bytes) -> None:
    assert classify(magic + content) is Photo.NOT_AN_IMAGE
