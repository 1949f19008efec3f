"""Typefaces and their glyphs: FiraGO (sans) and Fira Mono, SIL OFL 1.1, from ``pymupdf-fonts``.

Glyphs are rasterised once by FreeType and set by this module one after the other, without a
shaping engine: what is installed beside Pillow then can't change a card's bytes. That suits
scripts written left to right with one glyph a character (Latin, Greek, Cyrillic and the like).
"""

from __future__ import annotations

import importlib
import io
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageFont

from cardwright.artwork.geometry import DPI
from cardwright.artwork.model import FontName

__all__ = ["Face", "Glyph", "face"]

MODULES: Final[dict[FontName, str]] = {
    "sans": "FiraGO_Regular",
    "sans-bold": "FiraGO_Bold",
    "mono": "FiraMono_Regular",
    "mono-bold": "FiraMono_Bold",
}
NO_CHARACTER: Final = "\uffff"  # Unicode says it is none, so every font answers with .notdef


class Glyph(NamedTuple):
    """One character's coverage mask and where to put it.

    Attributes:
        mask: 8-bit coverage, or None for a blank.
        left: pixels from the pen to the mask.
        top: pixels from the baseline down to the mask's first row (negative: above).
        advance: pen movement in pixels, with fractions.
    """

    mask: Image.Image | None
    left: int
    top: int
    advance: float


class Face:
    """One typeface at one size, with its glyphs cached."""

    def __init__(self, font: FontName, points: float, *, hard_edges: bool = False) -> None:
        self._font = ImageFont.truetype(
            io.BytesIO(_font_file(font)),
            points * DPI / 72,
            layout_engine=ImageFont.Layout.BASIC,
        )
        self._mode = "1" if hard_edges else "L"
        self._glyphs: dict[str, Glyph] = {}
        self._missing = self._draw(NO_CHARACTER)

    def has(self, character: str) -> bool:
        """Tell whether the typeface has a glyph of its own for the character."""
        return not _same_mask(self.glyph(character).mask, self._missing.mask)

    def glyph(self, character: str) -> Glyph:
        """Return the character's glyph, the face's box for unknown ones if it has none."""
        glyph = self._glyphs.get(character)
        if glyph is None:
            glyph = self._glyphs[character] = self._draw(character)
        return glyph

    def _draw(self, character: str) -> Glyph:
        left, top, right, bottom = self._font.getbbox(character, mode=self._mode, anchor="ls")
        advance = self._font.getlength(character, mode=self._mode)
        if right <= left or bottom <= top:
            return Glyph(None, 0, 0, advance)
        core, (shift_x, shift_y) = self._font.getmask2(character, mode=self._mode, anchor="ls")
        mask = Image.frombytes("L", core.size, bytes(core))
        return Glyph(mask, shift_x, shift_y, advance)


@lru_cache(maxsize=256)
def face(font: FontName, points: float, *, hard_edges: bool = False) -> Face:
    """Return the shared face of a typeface at a size in points."""
    return Face(font, points, hard_edges=hard_edges)


@lru_cache(maxsize=len(MODULES))
def _font_file(font: FontName) -> bytes:
    module = importlib.import_module(f"pymupdf_fonts.{MODULES[font]}")
    return bytes(module.fontbuffer)


def _same_mask(one: Image.Image | None, other: Image.Image | None) -> bool:
    if one is None or other is None:
        return False
    return one.size == other.size and one.tobytes() == other.tobytes()
