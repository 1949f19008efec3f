"""Readers of the PC/SC service that come and go: their heads are in work, or away."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cardwright.reader import ReaderError, watch
from services.encoding.adapters.ways import PcscWay

__all__ = ["Watched", "watch_readers"]

_AGAIN: Final = 1.0
"""Seconds between two calls to a PC/SC service that does not run."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A head's reader, and who is told."""

    way: PcscWay
    found: Callable[[], None]
    lost: Callable[[str], None]


@contextlib.asynccontextmanager
async def watch_readers(watched: Iterable[Watched]) -> AsyncIterator[None]:
    """Tell which readers are there, now and at each change, while the block lasts."""
    heads = list(watched)
    if not heads:
        yield
        return
    news: asyncio.Queue[frozenset[str] | ReaderError] = asyncio.Queue()
    over = threading.Event()
    loop = asyncio.get_running_loop()
    thread = threading.Thread(
        target=_look, args=(lambda n: loop.call_soon_threadsafe(news.put_nowait, n), over)
    )
    thread.start()
    telling = asyncio.create_task(_tell(heads, news))
    try:
        yield
    finally:
        over.set()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await asyncio.to_thread(thread.join)


async def _tell(
    heads: Iterable[Watched], news: asyncio.Queue[frozenset[str] | ReaderError]
) -> None:
    while True:
        seen = await news.get()
        for head in heads:
            if isinstance(seen, ReaderError):
                head.lost(seen.code)
            elif any(map(head.way.fits, seen)):
                head.found()
            else:
                head.lost("READER_LOST")


def _look(told: Callable[[frozenset[str] | ReaderError], object], over: threading.Event) -> None:
    """Follow the service, and wait for it where it is not there."""
    while not over.is_set():
        try:
            with watch(over=over.is_set) as slots:
                for seen in slots:
                    told(frozenset(slot.reader for slot in seen))
        except ReaderError as error:
            told(error)
            over.wait(_AGAIN)
