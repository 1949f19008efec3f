"""Readers that come and go, and cards in them, while the program runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from cardwright.reader.scard import checked, library

__all__ = ["Slot", "Watch", "watch"]

_NEWS: Final = "\\\\?PnP?\\Notification"  # the name under which the service tells of new readers
_LOOK_MS: Final = 1000
"""How often to look whether the watch was closed: a cancel between two waits is not heard."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A reader, and whether a card is in it."""

    reader: str
    card: bool


def watch(*, over: Callable[[], bool] = lambda: False) -> Watch:
    """Begin to watch the PC/SC readers.

    Args:
        over: asked once a second at least; the iteration ends when it is true.

    Raises:
        ReaderError: READER_LIBRARY, READER_SERVICE.
    """
    return Watch(over)


class Watch:
    """An iterator of all slots, now and after each change, until ``close``; a context manager.

    Iterating raises ``ReaderError`` READER_SERVICE when the service ends. ``close`` is for another
    thread than the one that iterates, or for after the loop.
    """

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._scard = library()
        self._context = checked(self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER))
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[tuple[Slot, ...]]:
        shown: tuple[Slot, ...] | None = None
        while not (self._closed.is_set() or self._over()):
            states = self._look()
            slots = tuple(
                Slot(reader, bool(state & self._scard.SCARD_STATE_PRESENT))
                for reader, state in sorted(states.items())
            )
            if slots != shown:
                shown = slots
                yield slots
            else:
                self._ask({_NEWS: 0} | states, _LOOK_MS)

    def close(self) -> None:
        """End the iteration within a second."""
        if not self._closed.is_set():
            self._closed.set()
            self._scard.SCardCancel(self._context)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._scard.SCardReleaseContext(self._context)

    def _look(self) -> dict[str, int]:
        """The state of every reader that is there now."""
        none = self._scard.SCARD_E_NO_READERS_AVAILABLE
        names = checked(self._scard.SCardListReaders(self._context, []), none)
        return self._ask(dict.fromkeys(names, self._scard.SCARD_STATE_UNAWARE), 0) if names else {}

    def _ask(self, known: dict[str, int], timeout_ms: int) -> dict[str, int]:
        """The readers' states when one of them differs from ``known``, or at the timeout."""
        scard = self._scard
        silence = (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED, scard.SCARD_E_UNKNOWN_READER)
        answer = scard.SCardGetStatusChange(self._context, timeout_ms, list(known.items()))
        return {
            name: state & ~scard.SCARD_STATE_CHANGED for name, state, _ in checked(answer, *silence)
        }
