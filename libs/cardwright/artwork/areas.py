"""Where a design's content may lie: inside the safe area, outside contacts and stripe.

Content is what must be read: text, photos, codes, images. Backgrounds and shapes may run anywhere;
the renderer leaves the reserved areas unprinted in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cardwright.artwork.errors import DesignAreaError
from cardwright.artwork.geometry import (
    CHIP_KEEP_OUT,
    MM_PER_POINT,
    SAFE_AREA,
    STRIPE_KEEP_OUT,
    Box,
)
from cardwright.artwork.model import (
    Code128Layer,
    DesignSpec,
    ImageLayer,
    Layer,
    PhotoLayer,
    QrLayer,
    SideName,
    TextLayer,
)

__all__ = ["check_areas", "content_box", "keep_outs"]

ASCENT: Final = 0.80  # of the size: capitals and most accents above the baseline
DESCENT: Final = 0.22
SIDES: Final[tuple[SideName, ...]] = ("front", "back")


def check_areas(spec: DesignSpec) -> None:
    """Refuse a design whose content leaves the safe area or enters a reserved one.

    Raises:
        DesignAreaError: DESIGN_KEEP_OUT or DESIGN_SAFE_AREA, with every place in mm.
    """
    found = [violation for side in SIDES for violation in _violations(spec, side)]
    if not found:
        return
    codes = {code for code, _ in found}
    code = "DESIGN_KEEP_OUT" if "DESIGN_KEEP_OUT" in codes else "DESIGN_SAFE_AREA"
    raise DesignAreaError(code, "; ".join(message for _, message in found))


def keep_outs(spec: DesignSpec, side: SideName) -> dict[str, Box]:
    """Return the reserved areas of a side by name."""
    if side == "front":
        return {"chip contacts": CHIP_KEEP_OUT} if spec.chip else {}
    return {"magnetic stripe": STRIPE_KEEP_OUT} if spec.magnetic_stripe else {}


def content_box(layer: Layer) -> Box | None:
    """Return the most room that a layer's content may take; None for pure artwork."""
    if isinstance(layer, (PhotoLayer, QrLayer, Code128Layer, ImageLayer)):
        return layer.box
    if isinstance(layer, TextLayer):
        return _text_box(layer)
    return None


def _text_box(layer: TextLayer) -> Box:
    em = layer.size * MM_PER_POINT
    x, baseline = layer.at
    left = {"left": x, "centre": x - layer.max_width / 2, "right": x - layer.max_width}
    top = baseline - ASCENT * em
    return Box(left[layer.align], top, layer.max_width, (ASCENT + DESCENT) * em)


def _violations(spec: DesignSpec, side: SideName) -> Iterator[tuple[str, str]]:
    for number, layer in enumerate(spec.side(side), start=1):
        box = content_box(layer)
        if box is None:
            continue
        where = f"{side} layer {number} ({layer.kind}) {box}"
        if not SAFE_AREA.contains(box):
            yield "DESIGN_SAFE_AREA", f"{where} leaves the safe area {SAFE_AREA}"
        for name, reserved in keep_outs(spec, side).items():
            if reserved.overlaps(box):
                yield "DESIGN_KEEP_OUT", f"{where} enters the {name} area {reserved}"
