import io
import zlib

import pytest
from PIL import Image

from cardwright.devices.errors import DeviceError
from cardwright.devices.raster import to_jpegs, unpack_raster

SIZE = {"width": 40, "height": 24, "dpi": 300, "mode": "RGB"}
FACE = b"\xff\x80\x00" * (40 * 24)


def test_both_faces_become_jpegs_of_the_same_size() -> None:
    raster = unpack_raster(SIZE, FACE + bytes(len(FACE)))
    assert raster is not None
    front, back = (Image.open(io.BytesIO(jpeg)) for jpeg in to_jpegs(raster))
    assert (front.size, back.size) == ((40, 24), (40, 24))
    assert front.getpixel((20, 12)) == pytest.approx((255, 128, 0), abs=4)
    assert back.getpixel((20, 12)) == (0, 0, 0)


def test_a_compressed_raster_is_the_same_raster() -> None:
    compressed = unpack_raster({**SIZE, "encoding": "zlib"}, zlib.compress(FACE))
    assert compressed == unpack_raster(SIZE, FACE)


def test_an_empty_body_is_a_blank_pass() -> None:
    assert unpack_raster({}, b"") is None


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("raw", FACE[:-1]),
        ("raw", FACE * 3),
        ("zlib", FACE),
        ("zlib", zlib.compress(FACE * 3)),
        ("zlib", zlib.compress(bytes(1 << 22))),
    ],
)
def test_what_is_not_one_or_two_faces_is_refused(encoding: str, body: bytes) -> None:
    with pytest.raises(DeviceError, check=lambda fault: fault.code == "BAD_RASTER"):
        unpack_raster({**SIZE, "encoding": encoding}, body)


def test_a_smudge_blots_the_half_where_codes_lie() -> None:
    raster = unpack_raster(SIZE, b"\xff" * len(FACE))
    assert raster is not None
    clean, smudged = (
        Image.open(io.BytesIO(to_jpegs(raster, smudged=dirty)[0]))
        .convert("L")
        .crop((0, 12, 40, 24))
        for dirty in (False, True)
    )
    dark = [sum(part.histogram()[:128]) for part in (clean, smudged)]
    assert dark[0] == 0
    assert dark[1] > 40 * 12 // 3
