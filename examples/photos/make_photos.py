"""Draw the sample portraits: illustrations from ellipses and polygons, of nobody.

Run ``python examples/photos/make_photos.py`` to write ``portrait-1.jpg`` to ``portrait-3.jpg``
beside this file; the same Pillow gives the same octets.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

WIDTH: Final = 480
HEIGHT: Final = 600
SUPERSAMPLE: Final = 3


@dataclass(frozen=True, slots=True)
class Portrait:
    """The colours and the cut of one illustration."""

    backdrop: tuple[str, str]
    skin: str
    shade: str
    hair: str
    coat: str
    shirt: str
    long_hair: bool
    glasses: bool
    beard: bool


PORTRAITS: Final = (
    Portrait(
        ("#DCE9F2", "#A9C4D6"), "#E9B993", "#D49C75", "#3B2417", "#1F4E6B", "#F5F2EA",
        long_hair=True, glasses=False, beard=False,
    ),
    Portrait(
        ("#EEE6D8", "#CDBB9B"), "#8D5A3B", "#74462C", "#17110E", "#4B3B63", "#E8EDF2",
        long_hair=False, glasses=True, beard=True,
    ),
    Portrait(
        ("#E2EDE2", "#A8C6AE"), "#F3CDB0", "#DFAE8C", "#B7B4AE", "#6B2F38", "#F7F4EC",
        long_hair=False, glasses=True, beard=False,
    ),
)  # fmt: skip


def jpeg(portrait: Portrait) -> bytes:
    """Return a portrait as a JPEG of 480 x 600 px, under 30 kB."""
    buffer = io.BytesIO()
    draw_portrait(portrait).save(buffer, "JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def draw_portrait(portrait: Portrait) -> Image.Image:
    """Draw the backdrop, then the figure from the back to the front."""
    size = (WIDTH * SUPERSAMPLE, HEIGHT * SUPERSAMPLE)
    sheet = _backdrop(portrait.backdrop, size)
    pen = _Pen(sheet)
    if portrait.long_hair:
        pen.ellipse(118, 92, 362, 420, portrait.hair)
        pen.rounded(122, 250, 358, 470, 70, portrait.hair)
    _draw_shoulders(pen, portrait)
    _draw_head(pen, portrait)
    _draw_features(pen, portrait)
    return sheet.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


class _Pen:
    """Draws in the coordinates of the finished picture."""

    def __init__(self, sheet: Image.Image) -> None:
        self._draw = ImageDraw.Draw(sheet)

    def ellipse(self, left: int, top: int, right: int, bottom: int, colour: str) -> None:
        self._draw.ellipse(_scaled(left, top, right, bottom), fill=colour)

    def rounded(
        self, left: int, top: int, right: int, bottom: int, radius: int, colour: str
    ) -> None:
        edge = _scaled(left, top, right, bottom)
        self._draw.rounded_rectangle(edge, radius * SUPERSAMPLE, fill=colour)

    def polygon(self, colour: str, *coordinates: int) -> None:
        self._draw.polygon(_scaled(*coordinates), fill=colour)

    def arc(
        self, box: tuple[int, int, int, int], angles: tuple[int, int], colour: str, width: int
    ) -> None:
        self._draw.arc(_scaled(*box), *angles, fill=colour, width=width * SUPERSAMPLE)

    def chord(self, box: tuple[int, int, int, int], angles: tuple[int, int], colour: str) -> None:
        self._draw.chord(_scaled(*box), *angles, fill=colour)


def _scaled(*coordinates: int) -> list[int]:
    return [value * SUPERSAMPLE for value in coordinates]


def _backdrop(colours: tuple[str, str], size: tuple[int, int]) -> Image.Image:
    light, dark = (Image.new("RGB", size, colour) for colour in colours)
    ramp = Image.radial_gradient("L").resize(size).filter(ImageFilter.GaussianBlur(8))
    return Image.composite(dark, light, ramp)


def _draw_shoulders(pen: _Pen, portrait: Portrait) -> None:
    pen.rounded(52, 448, 428, 760, 120, portrait.coat)
    pen.polygon(portrait.shirt, 176, 446, 304, 446, 240, 590)
    pen.rounded(196, 360, 284, 480, 40, portrait.shade)
    pen.chord((196, 400, 284, 500), (0, 180), portrait.skin)
    pen.polygon(portrait.coat, 168, 440, 200, 446, 236, 600, 150, 600)
    pen.polygon(portrait.coat, 312, 440, 280, 446, 244, 600, 330, 600)


def _draw_head(pen: _Pen, portrait: Portrait) -> None:
    pen.ellipse(132, 258, 168, 326, portrait.shade)
    pen.ellipse(312, 258, 348, 326, portrait.shade)
    pen.ellipse(146, 128, 334, 416, portrait.skin)
    if portrait.beard:
        pen.chord((146, 128, 334, 420), (27, 153), portrait.hair)
        pen.ellipse(206, 314, 274, 368, portrait.skin)
    pen.chord((138, 104, 342, 330), (188, 352), portrait.hair)
    pen.polygon(portrait.hair, 140, 190, 340, 190, 338, 246, 312, 214, 262, 206, 176, 222, 142, 250)


def _draw_features(pen: _Pen, portrait: Portrait) -> None:
    for eye in (202, 278):
        pen.arc((eye - 26, 238, eye + 26, 278), (205, 335), portrait.hair, 6)
        pen.ellipse(eye - 16, 264, eye + 16, 284, "#FBFBFA")
        pen.ellipse(eye - 9, 264, eye + 9, 284, "#2A2320")
        pen.ellipse(eye - 5, 267, eye, 273, "#FFFFFF")
    pen.arc((222, 262, 258, 322), (50, 130), portrait.shade, 5)
    pen.chord((208, 322, 272, 362), (15, 165), "#B4534C")
    if portrait.glasses:
        for eye in (202, 278):
            pen.arc((eye - 32, 246, eye + 32, 304), (0, 360), "#2B2F36", 4)
        pen.arc((226, 258, 254, 286), (200, 340), "#2B2F36", 4)


def main() -> None:
    """Write every portrait beside this file."""
    folder = Path(__file__).parent
    for number, portrait in enumerate(PORTRAITS, start=1):
        (folder / f"portrait-{number}.jpg").write_bytes(jpeg(portrait))


if __name__ == "__main__":
    main()
