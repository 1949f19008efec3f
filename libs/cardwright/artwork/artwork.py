"""Fixed artwork drawn from numbers: gradients, glows, guilloches, shapes.

Every layer becomes a stencil: what to paint, and an 8-bit mask of where. Curves are drawn four
times too large and scaled down once, since this happens once a design and not once a card.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from PIL import Image, ImageChops, ImageDraw

from cardwright.artwork.geometry import (
    BLEED_HEIGHT_PX,
    BLEED_PX,
    BLEED_WIDTH_PX,
    CARD,
    DPI,
    MM_PER_INCH,
    Box,
    to_pixels,
)
from cardwright.artwork.model import (
    GlowLayer,
    GradientLayer,
    GuillocheLayer,
    ImageLayer,
    ShapeLayer,
    SolidLayer,
)

__all__ = [
    "ArtLayer",
    "Stencil",
    "decode_picture",
    "faded",
    "linear_gradient",
    "printable_mask",
    "rounded_mask",
    "stencil",
]

ArtLayer = SolidLayer | GradientLayer | GlowLayer | GuillocheLayer | ShapeLayer | ImageLayer
SIZE: Final = (BLEED_WIDTH_PX, BLEED_HEIGHT_PX)
SUPERSAMPLE: Final = 4


class Stencil(NamedTuple):
    """Paint (a colour or an RGB image of the mask's size) and the mask to paint it through."""

    paint: str | Image.Image
    mask: Image.Image
    x: int = 0
    y: int = 0

    def put(self, canvas: Image.Image) -> None:
        """Paint onto an RGB canvas."""
        if isinstance(self.paint, str):
            size = self.mask.size
            canvas.paste(
                self.paint, (self.x, self.y, self.x + size[0], self.y + size[1]), self.mask
            )
        else:
            canvas.paste(self.paint, (self.x, self.y), self.mask)


def stencil(layer: ArtLayer, assets: Mapping[str, bytes]) -> Stencil:
    """Draw a layer of fixed artwork over the whole bleed raster, or over its box for an image."""
    match layer:
        case SolidLayer():
            return Stencil(layer.colour, Image.new("L", SIZE, 255))
        case GradientLayer():
            return Stencil(
                linear_gradient(SIZE, layer.colours, layer.angle), Image.new("L", SIZE, 255)
            )
        case GlowLayer():
            return Stencil(layer.colour, faded(_glow(layer), layer.opacity))
        case GuillocheLayer():
            return Stencil(layer.colour, faded(_guilloche(layer), layer.opacity))
        case ShapeLayer():
            return Stencil(layer.colour, faded(_shape(layer), layer.opacity))
        case ImageLayer():
            return _image(layer, assets[layer.asset])


def printable_mask(reserved: Iterable[Box], radius: float) -> Image.Image:
    """Return a mask of the bleed raster with rounded boxes (mm) taken out."""
    mask = Image.new("L", SIZE, 255)
    for box in reserved:
        mask = ImageChops.subtract(mask, _scaled_down(_rounded, box, radius, 0.0))
    return mask


def rounded_mask(size: tuple[int, int], radius_px: float) -> Image.Image:
    """Return a smooth mask of a rounded rectangle that fills the given size in pixels."""
    large = Image.new("L", (size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE), 0)
    edge = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(edge, radius_px * SUPERSAMPLE, fill=255)
    return large.resize(size, Image.Resampling.BOX)


def linear_gradient(size: tuple[int, int], colours: tuple[str, ...], angle: float) -> Image.Image:
    """Return an RGB gradient; 0 degrees runs left to right, 90 downwards."""
    # Pillow's ramp is 256 x 256 and grows downwards: turn it by sampling it along a line.
    turn = math.radians(angle)
    along_x, along_y = math.cos(turn), math.sin(turn)
    length = abs(size[0] * along_x) + abs(size[1] * along_y)
    step_x, step_y = 254 * along_x / length, 254 * along_y / length
    start = 128 - step_x * size[0] / 2 - step_y * size[1] / 2
    ramp = Image.linear_gradient("L").transform(
        size, Image.Transform.AFFINE, (0, 0, 128, step_x, step_y, start), Image.Resampling.BILINEAR
    )
    return Image.merge("RGB", [ramp.point(table) for table in _ramp_tables(colours)])


def _ramp_tables(colours: tuple[str, ...]) -> Iterator[list[int]]:
    for channel in (1, 3, 5):
        stops = [int(colour[channel : channel + 2], 16) for colour in colours]
        yield [_interpolated(stops, level / 255) for level in range(256)]


def _interpolated(stops: list[int], position: float) -> int:
    index, rest = divmod(position * (len(stops) - 1), 1)
    first = int(index)
    second = min(first + 1, len(stops) - 1)
    return round(stops[first] + (stops[second] - stops[first]) * rest)


def _glow(layer: GlowLayer) -> Image.Image:
    x, y = layer.centre
    box = to_pixels(Box(x - layer.radius, y - layer.radius, 2 * layer.radius, 2 * layer.radius))
    # Pillow's disc reaches 181 of 255 where it meets the square's edge. Zero it there, and let it
    # fall off squared: a linear one shows its rim.
    disc = Image.radial_gradient("L").point(
        [round(255 * max(0, 1 - distance / 181) ** 2) for distance in range(256)]
    )
    mask = Image.new("L", SIZE, 0)
    mask.paste(disc.resize((box.width, box.height), Image.Resampling.BICUBIC), (box.left, box.top))
    return mask


def _guilloche(layer: GuillocheLayer) -> Image.Image:
    large = Image.new("L", (SIZE[0] * SUPERSAMPLE, SIZE[1] * SUPERSAMPLE), 0)
    draw = ImageDraw.Draw(large)
    width = max(1, round(layer.line * DPI / MM_PER_INCH * SUPERSAMPLE))
    curve = _rosette_curve if layer.form == "rosette" else _ribbon_curve
    for number in range(layer.curves):
        points = [_large(x, y) for x, y in curve(layer, number)]
        draw.line(points, fill=255, width=width, joint="curve")
    return large.resize(SIZE, Image.Resampling.BOX)


def _rosette_curve(layer: GuillocheLayer, number: int) -> Iterator[tuple[float, float]]:
    phase = math.radians(number * layer.twist)
    share = (number + 1) / layer.curves
    steps = 1440
    for step in range(steps + 1):
        turn = 2 * math.pi * step / steps
        swing = layer.amplitude * math.sin(layer.lobes * turn + phase)
        reach = (layer.radius + swing) * share
        yield layer.centre[0] + reach * math.cos(turn), layer.centre[1] + reach * math.sin(turn)


def _ribbon_curve(layer: GuillocheLayer, number: int) -> Iterator[tuple[float, float]]:
    phase = math.radians(number * layer.twist)
    share = 2 * number / max(layer.curves - 1, 1) - 1
    steps = 720
    for step in range(steps + 1):
        x = -2 + (CARD.width + 4) * step / steps
        turn = 2 * math.pi * layer.lobes * (x - layer.centre[0]) / CARD.width
        waist = layer.radius * share * math.cos(turn / 2)
        yield x, layer.centre[1] + waist + layer.amplitude * math.sin(turn + phase)


def _shape(layer: ShapeLayer) -> Image.Image:
    if layer.box is not None and layer.form == "rectangle":
        return _scaled_down(_rounded, layer.box, layer.radius, layer.outline)
    if layer.box is not None:
        return _scaled_down(_ellipse, layer.box, 0.0, layer.outline)
    large = Image.new("L", (SIZE[0] * SUPERSAMPLE, SIZE[1] * SUPERSAMPLE), 0)
    corners = [_large(x, y) for x, y in layer.points]
    draw = ImageDraw.Draw(large)
    if layer.outline:
        draw.line([*corners, corners[0]], fill=255, width=_outline_px(layer.outline))
    else:
        draw.polygon(corners, fill=255)
    return large.resize(SIZE, Image.Resampling.BOX)


Edge = tuple[float, float, float, float]
Form = Callable[[ImageDraw.ImageDraw, Edge, float, float], None]


def _rounded(draw: ImageDraw.ImageDraw, edge: Edge, radius: float, outline: float) -> None:
    radius_px = radius * DPI / MM_PER_INCH * SUPERSAMPLE
    if outline:
        draw.rounded_rectangle(edge, radius_px, outline=255, width=_outline_px(outline))
    else:
        draw.rounded_rectangle(edge, radius_px, fill=255)


def _ellipse(draw: ImageDraw.ImageDraw, edge: Edge, _radius: float, outline: float) -> None:
    if outline:
        draw.ellipse(edge, outline=255, width=_outline_px(outline))
    else:
        draw.ellipse(edge, fill=255)


def _scaled_down(form: Form, box: Box, radius: float, outline: float) -> Image.Image:
    large = Image.new("L", (SIZE[0] * SUPERSAMPLE, SIZE[1] * SUPERSAMPLE), 0)
    left, top = _large(box.x, box.y)
    right, bottom = _large(box.right, box.bottom)
    form(ImageDraw.Draw(large), (left, top, right - 1, bottom - 1), radius, outline)
    return large.resize(SIZE, Image.Resampling.BOX)


def decode_picture(octets: bytes) -> Image.Image:
    """Decode a design's PNG or JPEG with its transparency; errors are Pillow's."""
    with Image.open(io.BytesIO(octets), formats=("PNG", "JPEG")) as picture:
        return picture.convert("RGBA")


def _image(layer: ImageLayer, octets: bytes) -> Stencil:
    box = to_pixels(layer.box)
    scaled = decode_picture(octets).resize((box.width, box.height), Image.Resampling.LANCZOS)
    return Stencil(scaled.convert("RGB"), scaled.getchannel("A"), box.left, box.top)


def faded(mask: Image.Image, opacity: float) -> Image.Image:
    """Return the mask with every level multiplied by an opacity of 0 to 1."""
    if opacity == 1:
        return mask
    return mask.point([round(level * opacity) for level in range(256)])


def _outline_px(outline: float) -> int:
    return max(1, round(outline * DPI / MM_PER_INCH * SUPERSAMPLE))


def _large(x: float, y: float) -> tuple[float, float]:
    scale = DPI / MM_PER_INCH * SUPERSAMPLE
    margin = BLEED_PX * SUPERSAMPLE
    return margin + x * scale, margin + y * scale
