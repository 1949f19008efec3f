"""Pictures of a card as a person will hold it: trimmed, round-cornered, with chip and stripe.

For eyes only: the contacts and the stripe are the blank card's and no part of a design.
"""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from cardwright.artwork.artwork import linear_gradient, rounded_mask
from cardwright.artwork.geometry import (
    BLEED_PX,
    CHIP_CONTACTS,
    CHIP_KEEP_OUT,
    CORNER_RADIUS_MM,
    DPI,
    MM_PER_INCH,
    RESERVED_CORNER_MM,
    STRIPE_KEEP_OUT,
    TRIM_HEIGHT_PX,
    TRIM_WIDTH_PX,
    Box,
    to_pixels,
)
from cardwright.artwork.model import Design, SideName
from cardwright.artwork.render import RenderedCard

__all__ = ["preview"]

GOLD: Final = ("#F6E7B4", "#DDBB6A", "#F0D998", "#BF9240")
GROOVE: Final = "#8A6526"
STRIPE: Final = "#1E1A18"
SCALE: Final = 4


def preview(design: Design, card: RenderedCard, side: SideName) -> Image.Image:
    """Return one side, trimmed to the card's edge, as RGBA with clear corners."""
    octets = card.front if side == "front" else card.back
    sheet = Image.frombytes(card.mode, (card.width, card.height), octets)
    face = sheet.crop((BLEED_PX, BLEED_PX, BLEED_PX + TRIM_WIDTH_PX, BLEED_PX + TRIM_HEIGHT_PX))
    if side == "front" and design.spec.chip:
        _draw_chip(face)
    if side == "back" and design.spec.magnetic_stripe:
        _draw_stripe(face)
    face.putalpha(rounded_mask(face.size, CORNER_RADIUS_MM * DPI / MM_PER_INCH))
    return face


def _draw_stripe(face: Image.Image) -> None:
    _, top, _, bottom = to_pixels(STRIPE_KEEP_OUT)
    edge = (0, top - BLEED_PX, face.width, bottom - BLEED_PX)
    ImageDraw.Draw(face).rectangle(edge, fill=STRIPE)


def _draw_chip(face: Image.Image) -> None:
    left, top, right, bottom = to_pixels(CHIP_KEEP_OUT)
    size = (right - left, bottom - top)
    metal = linear_gradient((size[0] * SCALE, size[1] * SCALE), GOLD, 40)
    _draw_grooves(metal, CHIP_KEEP_OUT)
    small = metal.resize(size, Image.Resampling.LANCZOS)
    plate = rounded_mask(size, RESERVED_CORNER_MM * DPI / MM_PER_INCH)
    face.paste(small, (left - BLEED_PX, top - BLEED_PX), plate)


def _draw_grooves(metal: Image.Image, plate: Box) -> None:
    """Draw the gaps between the eight contacts C1 to C8 and the middle field."""
    draw = ImageDraw.Draw(metal)
    unit = DPI / MM_PER_INCH * SCALE
    top, middle, bottom = (CHIP_CONTACTS.y + 2.12 + 2.54 * row for row in range(3))
    centre = (plate.x + plate.right) / 2
    for side, edge in ((-1, plate.x), (1, plate.right)):
        inner, waist = centre + side * 1.9, centre + side * 0.9
        grooves = (
            ((edge, top), (inner, top), (waist, plate.y)),
            ((edge, middle), (inner, middle)),
            ((edge, bottom), (inner, bottom), (waist, plate.bottom)),
            ((inner, top), (inner, bottom)),
        )
        for groove in grooves:
            points = [((x - plate.x) * unit, (y - plate.y) * unit) for x, y in groove]
            draw.line(points, fill=GROOVE, width=round(0.14 * unit), joint="curve")
