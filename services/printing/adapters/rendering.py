"""Rendering in worker processes: an event loop must not stand still for 20 ms a card."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

from PIL import Image

from cardwright.artwork import DesignError, FieldValue, RenderedCard, Renderer
from cardwright.artwork.geometry import (
    BLEED_PX,
    DPI,
    TRIM_HEIGHT_PX,
    TRIM_WIDTH_PX,
)
from cardwright.secret import SecretText
from services.printing.catalogue import load_designs
from services.printing.ports import Faces, RenderFault, ToRender

__all__ = ["BlankPass", "RenderPool"]

PHOTO_FIELD: Final = "photo"
_TRIM: Final = (BLEED_PX, BLEED_PX, BLEED_PX + TRIM_WIDTH_PX, BLEED_PX + TRIM_HEIGHT_PX)
_CRASHED: Final = RenderFault(
    "RENDER_CRASHED", "The renderer died of this card twice; look at its photo before you waive"
)


class BlankPass:
    """Renders nothing: what flows through the line without artwork."""

    async def render(self, cards: Sequence[ToRender]) -> Sequence[Faces | RenderFault]:
        """Return empty faces."""
        return [Faces() for _ in cards]


class RenderPool:
    """Renders in processes that hold every design of the catalogue, painted once.

    Clear text crosses to the workers over a pipe of this process and is kept nowhere.

    Args:
        catalogue: the catalogue's folder.
        workers: number of processes.
    """

    def __init__(self, catalogue: Path, workers: int) -> None:
        self._catalogue, self._workers = catalogue, workers
        self._pool = self._start()

    async def render(self, cards: Sequence[ToRender]) -> Sequence[Faces | RenderFault]:
        """Render each card.

        If a worker dies, the cards are rendered again one by one, so that only the card that kills
        its worker fails.
        """
        try:
            return await asyncio.gather(*(self._submit(card) for card in cards))
        except BrokenProcessPool:
            return [await self._render_alone(card) for card in cards]

    def close(self) -> None:
        """End the workers."""
        self._pool.shutdown(cancel_futures=True)

    async def _render_alone(self, card: ToRender) -> Faces | RenderFault:
        self._restart_if_broken()
        try:
            return await self._submit(card)
        except BrokenProcessPool:
            return _CRASHED

    def _submit(self, card: ToRender) -> asyncio.Future[Faces | RenderFault]:
        return asyncio.wrap_future(self._pool.submit(_render, card))

    def _restart_if_broken(self) -> None:
        try:
            self._pool.submit(os.getpid)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork would copy this process's threads' locks and connections.
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(self._catalogue,),
        )


_renderers: dict[str, Renderer] = {}


def _begin(catalogue: Path) -> None:
    """Start of a worker: paint each design's fixed artwork."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; we are told
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _renderers.update((name, Renderer(design)) for name, design in load_designs(catalogue).items())


def _end_with_the_parent() -> None:
    """A killed service can't end its workers, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _render(card: ToRender) -> Faces | RenderFault:
    fields: dict[str, FieldValue] = {name: SecretText(text) for name, text in card.text.items()}
    if card.photo:
        fields[PHOTO_FIELD] = card.photo
    if card.design not in _renderers:
        return RenderFault("DESIGN_NOT_FOUND", f"The catalogue holds no design {card.design}")
    try:
        rendered = _renderers[card.design].render(fields)
    except DesignError as error:
        return RenderFault(error.code, str(error))
    raster = _trimmed(rendered, rendered.front) + _trimmed(rendered, rendered.back)
    return Faces(raster, TRIM_WIDTH_PX, TRIM_HEIGHT_PX, DPI)


def _trimmed(card: RenderedCard, face: bytes) -> bytes:
    """Cut the bleed off: this printer's raster is the card's own face."""
    return Image.frombytes(card.mode, (card.width, card.height), face).crop(_TRIM).tobytes()
