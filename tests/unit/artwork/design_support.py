"""Paths and small designs that the tests of card design share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cardwright.artwork import Design, FieldValue
from cardwright.artwork.model import DesignSpec

Fields = dict[str, FieldValue]
ROOT = Path(__file__).parents[3]
DESIGNS = ROOT / "catalogue" / "designs"
PHOTOS = ROOT / "examples" / "photos"
CARD_ID = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
WHITE = {"kind": "solid", "colour": "#FFFFFF"}


def spec_of(
    *front: dict[str, Any], back: tuple[dict[str, Any], ...] = (), **options: Any
) -> DesignSpec:
    return DesignSpec.model_validate(
        {"name": "trial", "version": 1, "front": [WHITE, *front], "back": [WHITE, *back], **options}
    )


def design_of(*front: dict[str, Any], back: tuple[dict[str, Any], ...] = ()) -> Design:
    return Design(spec_of(*front, back=back), digest="")
