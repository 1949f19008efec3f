"""What a person may want to look at after a run: faces, labels, the audit."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cardwright.audit.export import export
from cardwright.audit.findings import Report
from cardwright.audit.sources import audit
from cardwright.demo.tally import Tally
from cardwright.line.auditor import evidence_of
from cardwright.line.layout import Layout
from cardwright.line.line import Line

__all__ = ["Output", "collect_faces", "write_output"]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a run's output lies, a card that was dispatched, and what the audit found."""

    folder: Path
    example: str
    report: Report


_DOT = 300 / 25.4  # pixels a millimetre
_CORNER = 3.18 * _DOT  # ISO/IEC 7810, clause 5
_CONTACTS = (9.6, 18.5, 20.5, 29.3)  # mm: the module around the contacts of ISO/IEC 7816-2
_STRIPE = (4.5, 16.5)  # mm from the top edge: ISO/IEC 7811-6, three tracks


def collect_faces(layout: Layout, tally: Tally, folder: Path) -> str:
    """Write the faces of the run's cards in the output tray as PNG; returns one card's id.

    All cards of the demonstration are of a test range or of a made-up employer. What the blank
    brings, its stripe and its contacts, is drawn in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    example = ""
    for card in sorted((layout.floor / "output").glob("*")):
        card_id = card.name.rpartition("-")[0]
        if card_id not in tally.cards:
            continue
        example = example or card_id
        blank = json.loads((card / "card.json").read_text())
        for side in ("front", "back"):
            face = card / f"{side}.jpg"
            if face.exists():
                name = f"{tally.cards[card_id]}-{card_id}-{side}.png"
                _as_seen(Image.open(face), side, blank).save(folder / name, compress_level=1)
    return example


def _as_seen(printed: Image.Image, side: str, blank: dict[str, Any]) -> Image.Image:
    face = printed.convert("RGB")
    if side == "back" and blank["stripe"]:
        top, bottom = (millimetres * _DOT for millimetres in _STRIPE)
        ImageDraw.Draw(face).rectangle((0, top, face.width, bottom), fill="#1b1714")
    if side == "front" and blank["stripe"]:
        _draw_contacts(face)
    mask = Image.new("L", face.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *face.size), _CORNER, fill=255)
    card = face.convert("RGBA")
    card.putalpha(mask)
    return card


def _draw_contacts(face: Image.Image) -> None:
    left, top, right, bottom = (millimetres * _DOT for millimetres in _CONTACTS)
    draw = ImageDraw.Draw(face)
    draw.rounded_rectangle(
        (left, top, right, bottom), 14, fill="#d9b45a", outline="#8a6a1f", width=2
    )
    middle, third = (left + right) / 2, (bottom - top) / 3
    draw.rounded_rectangle(
        (middle - 24, top + third * 0.8, middle + 24, bottom - third * 0.8),
        10,
        outline="#8a6a1f",
        width=2,
    )
    for row in (1, 2):
        y = top + row * third
        draw.line((left, y, middle - 24, y), fill="#8a6a1f", width=2)
        draw.line((middle + 24, y, right, y), fill="#8a6a1f", width=2)
    draw.line((middle, top, middle, top + third * 0.8), fill="#8a6a1f", width=2)
    draw.line((middle, bottom - third * 0.8, middle, bottom), fill="#8a6a1f", width=2)


async def write_output(layout: Layout, line: Line, tally: Tally, number: int) -> Output:
    """Write everything into a folder of the run, and audit the log."""
    folder = layout.output / f"run-{number}"
    example = await asyncio.to_thread(collect_faces, layout, tally, folder / "faces")
    evidence = await evidence_of(layout, line.bootstrap)
    report = await audit(evidence.log, evidence.published, evidence.public_keys)
    await export(folder / "audit", evidence.log.rows(), evidence.public_keys)
    return Output(folder, example, report)
