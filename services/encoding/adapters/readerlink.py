"""The chip in a card reader, as a ``ChipLink``: blocking calls in a thread of that reader's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cardwright.reader import CardConnection, ReaderError, transmit
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.ways import ChipWay
from services.encoding.domain import SpoiledError
from services.encoding.ports import ChipLostError

__all__ = ["READER_AWAY", "ReaderHead", "ReaderLink"]

READER_AWAY: Final = frozenset(
    {"READER_BUSY", "READER_FAULT", "READER_LIBRARY", "READER_LOST", "READER_SERVICE"}
)
"""The reader's trouble and not the card's: when it is back, the card can be asked."""
_OK: Final = b"\x90\x00"


class ReaderHead:
    """A reader that is wired to a head: one card after the other.

    Args:
        way: how the reader is reached.
        insert_within: seconds until a card that was fed must be seen in it.
    """

    def __init__(self, way: ChipWay, *, insert_within: float = 10.0) -> None:
        self.way, self.insert_within = way, insert_within
        # One thread, so that no command overtakes another, even after its caller was cancelled.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def link(self) -> ReaderLink:
        """Return the way to the next card."""
        return ReaderLink(self, self._thread)

    def close(self) -> None:
        """Let the reader go; a command under way is finished first."""
        self._thread.shutdown()
        self.way.close()


class ReaderLink:
    """One card in a reader, until ``close``."""

    def __init__(self, head: ReaderHead, thread: ThreadPoolExecutor) -> None:
        self._head, self._thread = head, thread
        self._card: CardConnection | None = None

    async def transmit(
        self, commands: Sequence[bytes], *, reset: bool = False, persist: bool = False
    ) -> list[bytes]:
        """Send commands to the chip, all of them in one visit to the thread; see ``ChipLink``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._visit, commands, reset, persist)

    async def close(self) -> None:
        """Power the chip down."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)

    def _visit(self, commands: Sequence[bytes], reset: bool, persist: bool) -> list[bytes]:
        answers: list[bytes] = []
        try:
            self._power(reset)
        except ReaderError as error:
            raise _mute(error) from error
        try:
            self._send(commands, persist, answers)
        except ReaderError as error:
            raise _lost(error, answers) from error
        return answers

    def _power(self, reset: bool) -> None:
        if self._card is None:
            self._card = self._head.way.open(self._head.insert_within)
        elif reset:
            try:
                self._card.reset(cold=True)
            except ReaderError:
                self._let_go()
                raise

    def _send(self, commands: Sequence[bytes], persist: bool, answers: list[bytes]) -> None:
        assert self._card is not None, "it was powered just before"
        try:
            for command in commands:
                answers.append(transmit(self._card, command))
                if not persist and answers[-1][-2:] != _OK:
                    return
        except ReaderError:
            self._let_go()
            raise

    def _let_go(self) -> None:
        if self._card is not None:
            self._card.close()
            self._card = None


def _mute(error: ReaderError) -> Exception:
    """What it means that a card can't be powered: the reader is away, or the chip is dead."""
    if error.code in READER_AWAY:
        return DeviceUnavailableError(error.code, str(error))
    return SpoiledError("CHIP_MUTE", f"the reader finds no chip: {error.code}")


def _lost(error: ReaderError, answers: Sequence[bytes]) -> Exception:
    if error.code in READER_AWAY:
        return DeviceUnavailableError(error.code, str(error))
    return ChipLostError(error.code, answers)
