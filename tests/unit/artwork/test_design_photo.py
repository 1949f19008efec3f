from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cardwright.artwork import PhotoError, PhotoInfo, check_photo
from cardwright.artwork.photo import MAX_PHOTO_BYTES, scaled_photo
from tests.unit.artwork.design_support import PHOTOS


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def code_of(data: bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        check_photo(data)
    return caught.value.code


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels (PNG specification, 11.2.2 and 11.2.4)."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (
        struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        for body in (ihdr, b"IDAT" + zlib.compress(b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("number", range(1, 4))
def test_sample_photos_are_photos_of_less_than_30_kb(number: int) -> None:
    data = (PHOTOS / f"portrait-{number}.jpg").read_bytes()
    assert len(data) < 30_000
    assert check_photo(data) == PhotoInfo("JPEG", 480, 600)


def test_png_is_accepted() -> None:
    assert check_photo(encoded(Image.new("RGB", (240, 300)), "PNG")).format == "PNG"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP"])
def test_other_formats_are_refused(kind: str) -> None:
    assert code_of(encoded(Image.new("RGB", (400, 500)), kind)) == "PHOTO_NOT_AN_IMAGE"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"GIF89a", b"<svg/>", bytes(1000)])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    assert code_of(data) == "PHOTO_NOT_AN_IMAGE"


def test_a_cut_off_photo_is_refused() -> None:
    data = (PHOTOS / "portrait-1.jpg").read_bytes()
    assert code_of(data[: len(data) // 2]) == "PHOTO_NOT_AN_IMAGE"


@pytest.mark.parametrize("size", [(239, 300), (240, 299)])
def test_a_small_photo_is_refused(size: tuple[int, int]) -> None:
    assert code_of(encoded(Image.new("RGB", size), "PNG")) == "PHOTO_TOO_SMALL"


@pytest.mark.parametrize("side", [4001, 12_000, 60_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    assert code_of(png_header(side, side)) == "PHOTO_TOO_LARGE"


def test_a_large_file_is_refused_unread() -> None:
    assert code_of(bytes(MAX_PHOTO_BYTES + 1)) == "PHOTO_TOO_LARGE"


def test_a_turned_photo_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF 2.32, orientation: row 0 is the visual right-hand side
    data = encoded(Image.new("RGB", (600, 480)), "JPEG", exif=exif)
    assert check_photo(data) == PhotoInfo("JPEG", 480, 600)


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA", "I;16"])
def test_every_png_mode_becomes_colour(mode: str) -> None:
    data = encoded(Image.new(mode, (240, 300)), "PNG")
    assert scaled_photo(data, (120, 150), "cover", "#FFFFFF").mode == "RGB"


def test_what_is_clear_becomes_white() -> None:
    data = encoded(Image.new("RGBA", (240, 300), (0, 0, 0, 0)), "PNG")
    assert scaled_photo(data, (120, 150), "cover", "#000000").getpixel((60, 75)) == (255,) * 3


def test_contain_shows_the_whole_photo_on_its_background() -> None:
    data = encoded(Image.new("RGB", (400, 400), "#FF0000"), "PNG")
    shown = scaled_photo(data, (100, 200), "contain", "#00FF00")
    assert shown.getpixel((50, 10)) == (0, 255, 0)
    assert shown.getpixel((50, 100)) == (255, 0, 0)
    filled = scaled_photo(data, (100, 200), "cover", "#00FF00")
    assert filled.getcolors() == [(20_000, (255, 0, 0))]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(["JPEG", "PNG"]), st.data())
def test_damaged_photos_are_refused_with_a_code_or_accepted(kind: str, data: st.DataObject) -> None:
    octets = bytearray(encoded(Image.new("RGB", (240, 300), "#8899AA"), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place] = data.draw(st.integers(0, 255))
    try:
        check_photo(bytes(octets))
    except PhotoError as error:
        assert error.code.startswith("PHOTO_")  # noqa: PT017 -- both outcomes are right
