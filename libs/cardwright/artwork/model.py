"""The language of a design: two sides, each an ordered list of layers. Lengths are in mm.

Positions count from the card's top left corner; type sizes are in points (1/72 inch).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cardwright.artwork.geometry import Box

__all__ = [
    "Code128Layer",
    "Colour",
    "Design",
    "DesignSpec",
    "FontName",
    "GlowLayer",
    "GradientLayer",
    "GuillocheLayer",
    "ImageLayer",
    "Layer",
    "PhotoLayer",
    "QrLayer",
    "ShapeLayer",
    "SideName",
    "SolidLayer",
    "TextLayer",
]

SideName = Literal["front", "back"]
FontName = Literal["sans", "sans-bold", "mono", "mono-bold"]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Opacity = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
BLACK = "#000000"


def _positive(box: Box) -> Box:
    if box.width <= 0 or box.height <= 0:
        raise ValueError("a box is [x, y, width, height] with a width and height above 0 mm")
    return box


SizedBox = Annotated[Box, AfterValidator(_positive)]


class _Strict(BaseModel):
    """Unknown keys are errors: a misspelt option must not be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SolidLayer(_Strict):
    """One colour over the whole side, bleed included."""

    kind: Literal["solid"]
    colour: Colour


class GradientLayer(_Strict):
    """A linear gradient over the whole side; 0 degrees runs left to right, 90 downwards."""

    kind: Literal["gradient"]
    colours: tuple[Colour, ...] = Field(min_length=2, max_length=8)
    angle: float = 0


class GlowLayer(_Strict):
    """A soft round light of one colour, strongest in its centre."""

    kind: Literal["glow"]
    centre: Point
    radius: float = Field(gt=0)
    colour: Colour
    opacity: Opacity = 0.5


class GuillocheLayer(_Strict):
    """Fine phase-shifted curves, drawn from the numbers below: a rosette or a ribbon of waves.

    ``lobes`` counts the rosette's petals or the ribbon's periods over the card's width;
    ``amplitude`` is the swing of one curve in mm; ``radius`` is the rosette's mean radius or half
    of the ribbon's height; ``twist`` turns each curve's phase against its neighbour, in degrees.
    """

    kind: Literal["guilloche"]
    form: Literal["rosette", "ribbon"]
    centre: Point
    radius: float = Field(gt=0)
    amplitude: float = Field(gt=0)
    lobes: float = Field(gt=0)
    curves: int = Field(ge=1, le=120)
    twist: float = 3.0
    line: float = Field(default=0.07, gt=0)
    colour: Colour
    opacity: Opacity = 0.3


class ShapeLayer(_Strict):
    """A filled rectangle (optionally rounded), ellipse or polygon: panels, bands and marks."""

    kind: Literal["shape"]
    form: Literal["rectangle", "ellipse", "polygon"]
    box: SizedBox | None = None
    points: tuple[Point, ...] = ()
    radius: float = Field(default=0, ge=0)
    colour: Colour
    opacity: Opacity = 1
    outline: float = Field(default=0, ge=0, description="width in mm; 0 fills the shape")

    @model_validator(mode="after")
    def _has_its_geometry(self) -> ShapeLayer:
        if self.form == "polygon" and (len(self.points) < 3 or self.box is not None):
            raise ValueError("a polygon has three points or more and no box")
        if self.form != "polygon" and (self.box is None or self.points):
            raise ValueError(f"a {self.form} has a box and no points")
        return self


class ImageLayer(_Strict):
    """A PNG or JPEG of the design's folder, scaled into its box."""

    kind: Literal["image"]
    asset: str = Field(pattern=r"^[A-Za-z0-9_.-]+\.(png|jpg)$")
    box: SizedBox


class _Resin(_Strict):
    """What a printer's black resin (K) panel may carry: pure black, hard-edged, infrared-dark."""

    colour: Colour = BLACK
    resin: bool = False

    @model_validator(mode="after")
    def _resin_is_black(self) -> _Resin:
        if self.resin and self.colour != BLACK:
            raise ValueError("a resin layer is printed in black: leave out colour or use #000000")
        return self


class TextLayer(_Resin):
    """One line of text: a field of the card, or fixed words.

    ``at`` is the point on the baseline that ``align`` speaks of; ``tracking`` is extra space
    between characters in thousandths of the size. Text wider than ``max_width`` shrinks down to
    ``min_size``; then it is an error, since a cut name is a wrong name.
    """

    kind: Literal["text"]
    field: FieldName | None = None
    text: str | None = Field(default=None, min_length=1)
    at: Point
    align: Literal["left", "centre", "right"] = "left"
    font: FontName = "sans"
    size: float = Field(ge=3, le=72)
    min_size: float | None = Field(default=None, ge=3)
    max_width: float = Field(gt=0)
    tracking: float = Field(default=0, ge=-100, le=1000)
    upper: bool = False
    opacity: Opacity = 1

    @model_validator(mode="after")
    def _is_consistent(self) -> TextLayer:
        if (self.field is None) == (self.text is None):
            raise ValueError("a text layer has either a field or a text")
        if self.min_size is not None and self.min_size > self.size:
            raise ValueError("min_size is at most size")
        if self.resin and self.opacity != 1:
            raise ValueError("a resin layer is opaque")
        return self


class PhotoLayer(_Strict):
    """The bearer's photo: ``cover`` fills the box and crops, ``contain`` shows all of it."""

    kind: Literal["photo"]
    field: FieldName
    box: SizedBox
    fit: Literal["cover", "contain"] = "cover"
    radius: float = Field(default=0, ge=0)
    background: Colour = "#FFFFFF"


class QrLayer(_Resin):
    """A QR Code (ISO/IEC 18004) of a field, centred in its box; 4 modules of quiet zone."""

    kind: Literal["qr"]
    field: FieldName
    box: SizedBox
    level: Literal["L", "M", "Q", "H"] = "M"
    quiet_zone: int = Field(default=4, ge=4, le=20)


class Code128Layer(_Resin):
    """A Code 128 (ISO/IEC 15417) of a field, centred in its box; 10 modules of quiet zone."""

    kind: Literal["code128"]
    field: FieldName
    box: SizedBox
    quiet_zone: int = Field(default=10, ge=10, le=40)


Layer = Annotated[
    SolidLayer
    | GradientLayer
    | GlowLayer
    | GuillocheLayer
    | ShapeLayer
    | ImageLayer
    | TextLayer
    | PhotoLayer
    | QrLayer
    | Code128Layer,
    Field(discriminator="kind"),
]


class DesignSpec(_Strict):
    """What ``design.yaml`` says.

    ``chip`` and ``magnetic_stripe`` reserve the contact plate on the front and the stripe on the
    back: the renderer leaves both unprinted, and content there is a load-time error.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    version: int = Field(ge=1)
    chip: bool = False
    magnetic_stripe: bool = False
    front: tuple[Layer, ...] = Field(min_length=1)
    back: tuple[Layer, ...] = Field(min_length=1)

    def side(self, name: SideName) -> tuple[Layer, ...]:
        """Return a side's layers, the lowest first."""
        return self.front if name == "front" else self.back


@dataclass(frozen=True, slots=True)
class Design:
    """A checked design.

    Attributes:
        spec: the layers.
        digest: SHA-256 over every file of its folder, in hex; what a proof approves.
        assets: the folder's image files by name.
    """

    spec: DesignSpec
    digest: str
    assets: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that a card must bring."""
        layers = self.spec.front + self.spec.back
        named = (getattr(layer, "field", None) for layer in layers)
        return frozenset(name for name in named if name is not None)
