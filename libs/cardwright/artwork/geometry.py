"""Sizes of an ID-1 card and its reserved areas, in millimetres from the top left corner.

Sources: ISO/IEC 7810:2019, 5.1 (ID-1, corner radius); ISO/IEC 7816-2:2007, 4 (contacts on the
front); ISO/IEC 7811-2/-6 (magnetic stripe on the back: three tracks of 2.8 mm, the first of which
begins 5.66 mm below the card's top edge).
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = [
    "BLEED_HEIGHT_PX",
    "BLEED_PX",
    "BLEED_WIDTH_PX",
    "CARD",
    "CHIP_CONTACTS",
    "CHIP_KEEP_OUT",
    "CORNER_RADIUS_MM",
    "DPI",
    "MM_PER_INCH",
    "MM_PER_POINT",
    "RESERVED_CORNER_MM",
    "SAFE_AREA",
    "STRIPE_KEEP_OUT",
    "TRIM_HEIGHT_PX",
    "TRIM_WIDTH_PX",
    "Box",
    "PixelBox",
    "length_px",
    "to_pixels",
]

DPI: Final = 300
MM_PER_INCH: Final = 25.4
MM_PER_POINT: Final = MM_PER_INCH / 72


class Box(NamedTuple):
    """A rectangle in mm: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge in mm."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge in mm."""
        return self.y + self.height

    def contains(self, other: Box) -> bool:
        """Tell whether the other box lies inside this one, edges included."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def overlaps(self, other: Box) -> bool:
        """Tell whether the boxes share an area; a common edge is none."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def grown(self, margin: float) -> Box:
        """Return the box with a margin in mm added on each side."""
        return Box(
            self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin
        )

    def __str__(self) -> str:
        return f"({self.x:.2f}, {self.y:.2f})-({self.right:.2f}, {self.bottom:.2f}) mm"


class PixelBox(NamedTuple):
    """A rectangle on the bleed raster: left, top, right, bottom (the last two exclusive)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The height in pixels."""
        return self.bottom - self.top


CARD: Final = Box(0, 0, 85.60, 53.98)
CORNER_RADIUS_MM: Final = 3.18
SAFE_AREA: Final = CARD.grown(-3.0)

CHIP_CONTACTS: Final = Box(10.25, 19.23, 9.62, 9.32)  # C1's outer corner to C8's outer corner
# A module's plate overhangs the contacts: 13.0 mm x 11.8 mm is the usual eight-contact punch.
CHIP_KEEP_OUT: Final = CHIP_CONTACTS.grown(1.7)
# The usual half-inch tape over the three tracks, with its laying tolerance.
STRIPE_KEEP_OUT: Final = Box(-2, 4.0, 89.60, 13.0)  # over both edges, so the bleed stays clear too
RESERVED_CORNER_MM: Final = 1.2

TRIM_WIDTH_PX: Final = 1012  # 85.60 mm is 1011.02 px; rounded up so that no edge stays white
TRIM_HEIGHT_PX: Final = 638  # 53.98 mm is 637.56 px
BLEED_PX: Final = 12  # 1.016 mm on each side: a retransfer film is cut by the card's own edge
BLEED_WIDTH_PX: Final = TRIM_WIDTH_PX + 2 * BLEED_PX
BLEED_HEIGHT_PX: Final = TRIM_HEIGHT_PX + 2 * BLEED_PX


def length_px(mm: float) -> int:
    """Convert a length in mm to whole pixels at 300 dpi."""
    return round(mm * DPI / MM_PER_INCH)


def to_pixels(box: Box) -> PixelBox:
    """Convert a box in mm to pixels of the bleed raster, whose origin is off the card."""
    return PixelBox(
        BLEED_PX + length_px(box.x),
        BLEED_PX + length_px(box.y),
        BLEED_PX + length_px(box.right),
        BLEED_PX + length_px(box.bottom),
    )
