"""Labels of closed boxes: GS1-128 with the box's code (GS1 General Specifications, section 6.6).

A closed box without a label is a row that says so, hence a death between closing and printing
costs no label.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from cardwright.station.faults import until_it_passes
from services.logistics.domain import element_string

__all__ = ["Label", "LabelPrinter", "draw_label"]

DPI: Final = 300
SIZE: Final = (1240, 874)  # 105 mm x 74 mm
MODULE: Final = 6  # 0.508 mm; the standard asks for 0.495 mm to 0.94 mm
BAR_HEIGHT: Final = 375  # 31.75 mm, the least for a logistic label
_MARGIN: Final = 60
_AT_ONCE: Final = 50
_LOOK_AGAIN: Final = 2.0


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says: no person, no account."""

    sscc: str
    issuer: str
    product: str
    express: bool
    count: int
    test_cards: bool = False


def draw_label(label: Label) -> bytes:
    """Draw a label; returns a PNG of 300 dpi, black and white. The same label, the same octets."""
    sheet = Image.new("1", SIZE, 1)
    draw = ImageDraw.Draw(sheet)
    lane = "EXPRESS   " if label.express else ""
    kind = "TEST " if label.test_cards else ""
    cards = "card" if label.count == 1 else "cards"
    lines = (
        (56, label.issuer),
        (44, label.product),
        (44, f"{lane}{label.count} {kind}{cards}"),
    )
    top = 40
    for size, text in lines:
        draw.text((_MARGIN, top), text, fill=0, font=ImageFont.load_default(size))
        top += size + 24
    text = element_string(label.sscc)
    bars = _bars(text)
    sheet.paste(bars, ((SIZE[0] - bars.width) // 2, 330))
    font = ImageFont.load_default(44)
    width = draw.textlength(text, font=font)
    draw.text(((SIZE[0] - width) / 2, 330 + BAR_HEIGHT + 30), text, fill=0, font=font)
    file = io.BytesIO()
    sheet.save(file, "PNG", dpi=(DPI, DPI))
    return file.getvalue()


def _bars(element: str) -> Image.Image:
    code = zxingcpp.create_barcode(element, zxingcpp.BarcodeFormat.Code128, gs1=True)
    modules = Image.fromarray(zxingcpp.write_barcode_to_image(code, add_quiet_zones=False))
    row = modules.crop((0, 0, modules.width, 1))
    return row.resize((row.width * MODULE, BAR_HEIGHT), Image.Resampling.NEAREST)


class LabelPrinter:
    """Writes the label of each closed box to ``<folder>/<sscc>.png``.

    Args:
        pool: the service's database.
        folder: where labels go.
        changed: set when a box may have closed.
    """

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], folder: Path, changed: asyncio.Event
    ) -> None:
        self._pool, self._folder, self._changed = pool, folder, changed

    async def run(self) -> None:
        """Write labels until cancelled."""
        while True:
            self._changed.clear()
            if await until_it_passes("labels", self.write_due) < _AT_ONCE:
                await self._next_closing()

    async def write_due(self) -> int:
        """Write the labels that are due, at most 50; returns how many."""
        rows = await self._pool.fetch(
            "SELECT b.sscc, b.issuer, b.product, b.express, b.test_cards,"
            " count(p.slot) FILTER (WHERE p.removed_at IS NULL) AS count"
            " FROM box AS b LEFT JOIN packed AS p USING (sscc)"
            " WHERE b.closed_at IS NOT NULL AND b.labelled_at IS NULL"
            " GROUP BY b.sscc ORDER BY b.closed_at LIMIT $1",
            _AT_ONCE,
        )
        labels = [Label(**row) for row in rows]
        if labels:
            await asyncio.to_thread(self._write, labels)
            await self._pool.execute(
                "UPDATE box SET labelled_at = now() WHERE sscc = ANY($1::text[])",
                [label.sscc for label in labels],
            )
        return len(labels)

    async def _next_closing(self) -> None:
        """Wait for the desks; look by ourselves now and then: they tell before they commit."""
        try:
            await asyncio.wait_for(self._changed.wait(), _LOOK_AGAIN)
        except TimeoutError:
            return

    def _write(self, labels: list[Label]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for label in labels:
            draft = self._folder / f".{label.sscc}.part"
            draft.write_bytes(draw_label(label))
            draft.replace(self._folder / f"{label.sscc}.png")
