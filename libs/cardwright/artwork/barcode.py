"""QR Code (ISO/IEC 18004) and Code 128 (ISO/IEC 15417) as one-pixel-a-module bitmaps, scaled.

Modules are whole printer dots: a resampled module edge is a reading error waiting to happen.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import zxingcpp
from PIL import Image

from cardwright.artwork.errors import FieldError
from cardwright.artwork.geometry import PixelBox, to_pixels
from cardwright.artwork.model import Code128Layer, QrLayer

__all__ = ["Symbol", "draw_code128", "draw_qr"]

MIN_QR_MODULE_PX: Final = 3  # 0.25 mm, what a telephone's camera resolves
MIN_CODE128_MODULE_PX: Final = 2  # 0.17 mm, the narrowest bar a 300 dpi head prints cleanly


class Symbol(NamedTuple):
    """A barcode with its quiet zone: an 8-bit bitmap (0 dark) and its top left raster position."""

    image: Image.Image
    x: int
    y: int


def draw_qr(layer: QrLayer, content: str) -> Symbol:
    """Draw a QR Code in its layer's box.

    Raises:
        FieldError: DESIGN_BARCODE_FIT or DESIGN_BARCODE_CONTENT.
    """
    modules = _modules(layer, content)
    box = to_pixels(layer.box)
    side = modules.width + 2 * layer.quiet_zone
    scale = min(box.width, box.height) // side
    if scale < MIN_QR_MODULE_PX:
        raise _does_not_fit(layer.field, "QR Code", side * MIN_QR_MODULE_PX)
    return _in_box(box, modules, scale, scale, layer.quiet_zone, layer.quiet_zone)


def draw_code128(layer: Code128Layer, content: str) -> Symbol:
    """Draw a Code 128 in its layer's box, with bars as high as the box.

    Raises:
        FieldError: DESIGN_BARCODE_FIT or DESIGN_BARCODE_CONTENT.
    """
    bars = _modules(layer, content)
    row = bars.crop((0, 0, bars.width, 1))
    box = to_pixels(layer.box)
    length = row.width + 2 * layer.quiet_zone
    scale = box.width // length
    if scale < MIN_CODE128_MODULE_PX:
        raise _does_not_fit(layer.field, "Code 128", length * MIN_CODE128_MODULE_PX)
    return _in_box(box, row, scale, box.height, layer.quiet_zone, 0)


def _modules(layer: QrLayer | Code128Layer, content: str) -> Image.Image:
    try:
        if isinstance(layer, QrLayer):
            code = zxingcpp.create_barcode(
                content, zxingcpp.BarcodeFormat.QRCode, ec_level=layer.level
            )
        else:
            code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.Code128)
    except ValueError as error:
        raise FieldError(
            "DESIGN_BARCODE_CONTENT",
            f"field {layer.field!r} can't be written as {layer.kind}; "
            "use fewer characters, and ASCII only for Code 128",
        ) from error
    return Image.fromarray(zxingcpp.write_barcode_to_image(code, add_quiet_zones=False))


def _in_box(
    box: PixelBox,
    modules: Image.Image,
    scale_x: int,
    scale_y: int,
    quiet_x: int,
    quiet_y: int,
) -> Symbol:
    dots = modules.resize(
        (modules.width * scale_x, modules.height * scale_y), Image.Resampling.NEAREST
    )
    margin_x, margin_y = quiet_x * scale_x, quiet_y * scale_y
    image = Image.new("L", (dots.width + 2 * margin_x, dots.height + 2 * margin_y), 255)
    image.paste(dots, (margin_x, margin_y))
    return Symbol(
        image,
        box.left + (box.width - image.width) // 2,
        box.top + (box.height - image.height) // 2,
    )


def _does_not_fit(field: str, kind: str, needed_px: int) -> FieldError:
    return FieldError(
        "DESIGN_BARCODE_FIT",
        f"field {field!r} needs a {kind} of {needed_px * 25.4 / 300:.1f} mm at the least; "
        "shorten the content or widen the box in the design",
    )
