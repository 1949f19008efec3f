"""What the print bench needs of the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cardwright.vault.vault import Opened

__all__ = ["Faces", "RenderFault", "Renderers", "SectionVault", "ToRender"]


@dataclass(frozen=True, slots=True)
class ToRender:
    """One card's faces to be rendered; it crosses to a worker process, so its fields are clear."""

    design: str
    text: Mapping[str, str] = field(repr=False)
    photo: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Faces:
    """Front, then back: RGB, 8 bits a channel, rows without padding; no octets is a blank pass."""

    raster: bytes = field(default=b"", repr=False)
    width: int = 0
    height: int = 0
    dpi: int = 0


@dataclass(frozen=True, slots=True)
class RenderFault:
    """Why one card can't be rendered: a code, and a sentence that names no value."""

    code: str
    detail: str


class Renderers(Protocol):
    """Renders faces."""

    async def render(self, cards: Sequence[ToRender]) -> Sequence[Faces | RenderFault]:
        """Return each card's faces, in order."""


class SectionVault(Protocol):
    """The vault, as far as this station's role and token reach: section ``print``."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""
