"""Setting one line of text: normalise, fit by shrinking, place glyph after glyph."""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

from cardwright.artwork.errors import FieldError, TextFitError
from cardwright.artwork.fonts import Face, Glyph, face
from cardwright.artwork.geometry import BLEED_PX, DPI, MM_PER_INCH
from cardwright.artwork.model import TextLayer

__all__ = ["Line", "Placed", "line_width", "set_line"]

SHRINK_STEP: Final = 0.25  # points; below what an eye tells apart


class Placed(NamedTuple):
    """A glyph and the raster position of its mask's top left corner."""

    glyph: Glyph
    x: int
    y: int


class Line(NamedTuple):
    """A set line: the size that fitted in points, its width in pixels, its glyphs."""

    points: float
    width: float
    glyphs: list[Placed]


def set_line(layer: TextLayer, text: str) -> Line:
    """Set a text in its layer's place, shrunk if need be.

    Raises:
        FieldError: DESIGN_TEXT_GLYPH, the typeface lacks a character.
        TextFitError: DESIGN_TEXT_FIT, too wide even at ``min_size``.
    """
    characters = unicodedata.normalize("NFC", text.upper() if layer.upper else text)
    points, width = _fit(layer, characters)
    chosen = face(layer.font, points, hard_edges=layer.resin)
    x = BLEED_PX + layer.at[0] * DPI / MM_PER_INCH - _align_shift(layer, width)
    baseline = BLEED_PX + round(layer.at[1] * DPI / MM_PER_INCH)
    gap = _tracking_px(layer, points)
    placed = []
    for character in characters:
        glyph = chosen.glyph(character)
        if glyph.mask is not None:
            placed.append(Placed(glyph, round(x) + glyph.left, baseline + glyph.top))
        x += glyph.advance + gap
    return Line(points, width, placed)


def line_width(set_in: Face, characters: str, tracking_px: float) -> float:
    """Return a line's width in pixels: its advances and the gaps between characters."""
    advances = sum(set_in.glyph(character).advance for character in characters)
    return advances + tracking_px * max(len(characters) - 1, 0)


def _fit(layer: TextLayer, characters: str) -> tuple[float, float]:
    limit = layer.max_width * DPI / MM_PER_INCH
    smallest = layer.min_size or layer.size
    points = layer.size
    _require_glyphs(layer, face(layer.font, points, hard_edges=layer.resin), characters)
    while True:
        sized = face(layer.font, points, hard_edges=layer.resin)
        width = line_width(sized, characters, _tracking_px(layer, points))
        if width <= limit:
            return points, width
        if points <= smallest:
            raise TextFitError(
                f"{_name(layer)} is {width * MM_PER_INCH / DPI:.1f} mm wide at {points:g} pt and "
                f"has {layer.max_width:g} mm; shorten it or give it more room in the design"
            )
        points = max(points - SHRINK_STEP, smallest)


def _require_glyphs(layer: TextLayer, sized: Face, characters: str) -> None:
    if not all(sized.has(character) for character in characters):
        raise FieldError(
            "DESIGN_TEXT_GLYPH",
            f"{_name(layer)} has a character that the typeface {layer.font!r} lacks; "
            "transliterate it or choose another typeface in the design",
        )


def _tracking_px(layer: TextLayer, points: float) -> float:
    return layer.tracking / 1000 * points * DPI / 72


def _align_shift(layer: TextLayer, width: float) -> float:
    return {"left": 0.0, "centre": width / 2, "right": width}[layer.align]


def _name(layer: TextLayer) -> str:
    return f"field {layer.field!r}" if layer.field else f"the fixed text at {layer.at} mm"
