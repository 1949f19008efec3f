"""What a person may want to look at after a run: faces, labels, the audit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cardwright.demo.tally import Tally
from cardwright.line.layout import Layout
from cardwright.line.line import Line

__all__ = ["collect_faces", "write_output"]

_TRIM_CORNERS = 36  # pixels: 3.18 mm at 300 dpi, ISO/IEC 7810 clause 5


def collect_faces(layout: Layout, tally: Tally, folder: Path) -> str:
    """Write the faces of the run's cards in the output tray as PNG; returns one card's id.

    All cards of the demonstration are of a test range or of a made-up employer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    example = ""
    for card in sorted((layout.floor / "output").glob("*")):
        card_id = card.name.rpartition("-")[0]
        if card_id not in tally.cards:
            continue
        example = example or card_id
        for side in ("front", "back"):
            face = card / f"{side}.jpg"
            if face.exists():
                _round_corners(Image.open(face)).save(
                    folder / f"{tally.cards[card_id]}-{card_id}-{side}.png", compress_level=1
                )
    return example


def _round_corners(face: Image.Image) -> Image.Image:
    mask = Image.new("L", face.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *face.size), _TRIM_CORNERS, fill=255)
    card = face.convert("RGBA")
    card.putalpha(mask)
    return card


async def write_output(layout: Layout, line: Line, tally: Tally, number: int) -> dict[str, Any]:
    """Write everything into a folder of the run; returns what the closing lines tell."""
    folder = layout.output / f"run-{number}"
    example = await asyncio.to_thread(collect_faces, layout, tally, folder / "faces")
    return {"output": str(folder), "audit": "", "example": example}
