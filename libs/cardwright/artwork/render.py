"""Card faces as rasters: fixed artwork painted once a design, the card's own fields on top.

The same design, fields and package versions give the same octets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from PIL import Image, ImageChops

from cardwright.artwork.areas import keep_outs
from cardwright.artwork.artwork import (
    ArtLayer,
    Stencil,
    faded,
    printable_mask,
    rounded_mask,
    stencil,
)
from cardwright.artwork.barcode import Symbol, draw_code128, draw_qr
from cardwright.artwork.errors import FieldError
from cardwright.artwork.geometry import (
    BLEED_HEIGHT_PX,
    BLEED_WIDTH_PX,
    DPI,
    MM_PER_INCH,
    RESERVED_CORNER_MM,
    to_pixels,
)
from cardwright.artwork.model import (
    BLACK,
    Code128Layer,
    Design,
    PhotoLayer,
    QrLayer,
    SideName,
    TextLayer,
)
from cardwright.artwork.photo import scaled_photo
from cardwright.artwork.text import Line, set_line
from cardwright.secret import SecretBytes, SecretText

__all__ = ["FieldValue", "RenderedCard", "Renderer"]

FieldValue = SecretText | SecretBytes | bytes
SIZE: Final = (BLEED_WIDTH_PX, BLEED_HEIGHT_PX)


@dataclass(frozen=True, slots=True)
class RenderedCard:
    """Both faces with bleed, ready for a printer's driver.

    Attributes:
        front: RGB octets, row by row, 3 a pixel.
        back: as ``front``.
        front_resin: the black resin (K) panel: 1 bit a pixel, rows padded to whole octets, most
            significant bit left, 1 where resin goes.
        back_resin: as ``front_resin``.
        width: pixels a row, bleed included (1036).
        height: rows, bleed included (662).
        mode: the layout of ``front`` and ``back``.
    """

    front: bytes = field(repr=False)
    back: bytes = field(repr=False)
    front_resin: bytes = field(repr=False)
    back_resin: bytes = field(repr=False)
    width: int = BLEED_WIDTH_PX
    height: int = BLEED_HEIGHT_PX
    mode: Literal["RGB"] = "RGB"


class Renderer:
    """Renders the cards of one design; fixed artwork is painted when it is made."""

    def __init__(self, design: Design) -> None:
        self._front = _Side(design, "front")
        self._back = _Side(design, "back")

    def render(self, fields: Mapping[str, FieldValue]) -> RenderedCard:
        """Render one card.

        Args:
            fields: text as ``SecretText``, photos as octets; names that no layer uses are left.

        Raises:
            FieldError: a field is missing, of the wrong kind, or can't be set or encoded.
            TextFitError: DESIGN_TEXT_FIT.
            PhotoError: the photo is none that can be printed.
        """
        front, front_resin = self._front.render(fields)
        back, back_resin = self._back.render(fields)
        return RenderedCard(front, back, front_resin, back_resin)


Painter = Callable[["_Canvas", Mapping[str, FieldValue]], None]


class _Canvas:
    """The colour raster and the resin panel that grow layer by layer."""

    def __init__(self, colour: Image.Image, resin: Image.Image) -> None:
        self.colour = colour
        self.resin = resin

    def copy(self) -> _Canvas:
        return _Canvas(self.colour.copy(), self.resin.copy())

    def put(self, piece: Stencil, *, resin: bool) -> None:
        piece.put(self.colour)
        if resin:
            Stencil("#FFFFFF", piece.mask, piece.x, piece.y).put(self.resin)

    def put_symbol(self, symbol: Symbol, colour: str, *, resin: bool) -> None:
        quiet = Image.new("L", symbol.image.size, 255)
        Stencil("#FFFFFF", quiet, symbol.x, symbol.y).put(self.colour)
        dark = ImageChops.invert(symbol.image)
        self.put(Stencil(colour, dark, symbol.x, symbol.y), resin=resin)


class _Side:
    """One side: the fixed layers below the first field as one picture, then a list of painters."""

    def __init__(self, design: Design, name: SideName) -> None:
        reserved = keep_outs(design.spec, name).values()
        self._printable = printable_mask(reserved, RESERVED_CORNER_MM)
        self._base = _Canvas(Image.new("RGB", SIZE, "#FFFFFF"), Image.new("L", SIZE, 0))
        self._painters: list[Painter] = []
        for layer in design.spec.side(name):
            match layer:
                case TextLayer() if layer.field is not None:
                    self._painters.append(_text_painter(layer, layer.field))
                case TextLayer():
                    line = set_line(layer, layer.text or "")
                    self._fixed(_line_stencil(layer, line), resin=layer.resin)
                case PhotoLayer():
                    self._painters.append(_photo_painter(layer))
                case QrLayer() | Code128Layer():
                    self._painters.append(_barcode_painter(layer))
                case _:
                    self._fixed(self._art(layer, design.assets), resin=False)

    def render(self, fields: Mapping[str, FieldValue]) -> tuple[bytes, bytes]:
        canvas = self._base.copy()
        for paint in self._painters:
            paint(canvas, fields)
        resin = canvas.resin.convert("1", dither=Image.Dither.NONE)
        return canvas.colour.tobytes(), resin.tobytes()

    def _art(self, layer: ArtLayer, assets: Mapping[str, bytes]) -> Stencil:
        drawn = stencil(layer, assets)
        if drawn.mask.size != SIZE:  # an image's box was checked against the reserved areas
            return drawn
        return drawn._replace(mask=ImageChops.multiply(drawn.mask, self._printable))

    def _fixed(self, piece: Stencil, *, resin: bool) -> None:
        if not self._painters:
            self._base.put(piece, resin=resin)
            return
        trimmed = _trimmed(piece)
        self._painters.append(lambda canvas, _fields: canvas.put(trimmed, resin=resin))


def _text_painter(layer: TextLayer, name: str) -> Painter:
    def paint(canvas: _Canvas, fields: Mapping[str, FieldValue]) -> None:
        text = _text(fields, name)
        if text:
            line = set_line(layer, text)
            canvas.put(_line_stencil(layer, line), resin=layer.resin)

    return paint


def _photo_painter(layer: PhotoLayer) -> Painter:
    box = to_pixels(layer.box)
    size = (box.width, box.height)
    mask = rounded_mask(size, layer.radius * DPI / MM_PER_INCH)

    def paint(canvas: _Canvas, fields: Mapping[str, FieldValue]) -> None:
        photo = scaled_photo(_octets(fields, layer.field), size, layer.fit, layer.background)
        canvas.put(Stencil(photo, mask, box.left, box.top), resin=False)

    return paint


def _barcode_painter(layer: QrLayer | Code128Layer) -> Painter:
    def paint(canvas: _Canvas, fields: Mapping[str, FieldValue]) -> None:
        content = _text(fields, layer.field)
        if isinstance(layer, QrLayer):
            symbol = draw_qr(layer, content)
        else:
            symbol = draw_code128(layer, content)
        canvas.put_symbol(symbol, BLACK if layer.resin else layer.colour, resin=layer.resin)

    return paint


def _line_stencil(layer: TextLayer, line: Line) -> Stencil:
    """Join a line's glyphs to one mask, no larger than their common bounds."""
    pieces = [(p.x, p.y, p.glyph.mask) for p in line.glyphs if p.glyph.mask is not None]
    if not pieces:
        return Stencil(layer.colour, Image.new("L", (1, 1), 0))
    left, top = min(x for x, _, _ in pieces), min(y for _, y, _ in pieces)
    right = max(x + mask.width for x, _, mask in pieces)
    bottom = max(y + mask.height for _, y, mask in pieces)
    joined = Image.new("L", (right - left, bottom - top), 0)
    for x, y, mask in pieces:
        joined.paste(255, (x - left, y - top), mask)
    return Stencil(layer.colour, faded(joined, layer.opacity), left, top)


def _trimmed(piece: Stencil) -> Stencil:
    bounds = piece.mask.getbbox()
    if bounds is None or isinstance(piece.paint, Image.Image):
        return piece
    return Stencil(piece.paint, piece.mask.crop(bounds), piece.x + bounds[0], piece.y + bounds[1])


def _text(fields: Mapping[str, FieldValue], name: str) -> str:
    value = _value(fields, name)
    if not isinstance(value, SecretText):
        raise FieldError("DESIGN_FIELD_TYPE", f"field {name!r} is text in this design")
    return value.reveal()


def _octets(fields: Mapping[str, FieldValue], name: str) -> bytes:
    value = _value(fields, name)
    if isinstance(value, SecretText):
        raise FieldError("DESIGN_FIELD_TYPE", f"field {name!r} is a photo in this design")
    return value.reveal() if isinstance(value, SecretBytes) else value


def _value(fields: Mapping[str, FieldValue], name: str) -> FieldValue:
    try:
        return fields[name]
    except KeyError as error:
        raise FieldError(
            "DESIGN_FIELD_MISSING", f"the card brings no field {name!r}; add it to its data"
        ) from error
