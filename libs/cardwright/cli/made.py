"""A finished card of the local line in hand: its chip, and the file that is the chip's memory."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from cardwright.chip import Chip
from cardwright.chip.memory import ChipMemoryError
from cardwright.devices.floor import CHIP, PASSPORT

__all__ = ["MadeCard", "MadeCardError", "take"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_OUTPUT = "output"


class MadeCardError(Exception):
    """The card can't be taken in hand.

    Attributes:
        code: NO_SUCH_CARD, NO_CHIP, CHIP_MEMORY, CARD_IN_USE or CARD_GONE.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MadeCard:
    """A card out of the output tray; ``take`` gives it.

    Attributes:
        chip: its chip.
        card_id: which card it is a making of.
        test: its plastic is marked as a test card's.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / CHIP
        self.card_id = folder.name.rpartition("-")[0] or folder.name
        self.test = _is_marked(folder / PASSPORT)
        try:
            self._saved = self._file.read_bytes()
            self.chip = Chip.restore(self._saved)
        except FileNotFoundError as error:
            raise MadeCardError("NO_CHIP", "this card has no chip: take another one") from error
        except ChipMemoryError as error:
            raise MadeCardError(
                "CHIP_MEMORY", "another release wrote this chip's memory: make a new card"
            ) from error

    def save(self) -> None:
        """Keep the chip's memory if it changed: by one rename, so wholly or not at all.

        Raises:
            MadeCardError: CARD_GONE, somebody moved the card meanwhile.
        """
        memory = self.chip.serialize()
        if memory == self._saved:
            return
        draft = self._file.with_name(f"{CHIP}.part")
        try:
            draft.write_bytes(memory)
            draft.replace(self._file)
        except FileNotFoundError as error:
            raise MadeCardError(
                "CARD_GONE", "the card left the output tray: its last command is not kept"
            ) from error
        self._saved = memory


@contextlib.contextmanager
def take(floor: Path, card: str) -> Iterator[MadeCard]:
    """Take a card out of the output tray for as long as the block lasts.

    Only there: elsewhere a machine may want the card at any moment.

    Args:
        floor: the line's floor.
        card: the card's id, or that of one making of it (``<card id>-1``).

    Raises:
        MadeCardError: NO_SUCH_CARD, NO_CHIP, CHIP_MEMORY, CARD_IN_USE.
    """
    folder = _find(floor / _OUTPUT, card)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle)
        yield MadeCard(folder)
    finally:
        os.close(handle)


def _is_marked(passport: Path) -> bool:
    try:
        return json.loads(passport.read_bytes()).get("test") is True
    except FileNotFoundError:
        return False


def _lock(folder: int) -> None:
    """Keep others off: by a lock that the kernel lets go at any death, unlike a file."""
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MadeCardError(
            "CARD_IN_USE", "another command holds this card: end that one first"
        ) from error


def _find(tray: Path, card: str) -> Path:
    """The folder of a card's latest making; an earlier one was destroyed or rejected."""
    if _ID.fullmatch(card):
        if (tray / card).is_dir():
            return tray / card
        made = {
            int(path.name[len(card) + 1 :]): path
            for path in tray.glob(f"{card}-*")
            if path.name[len(card) + 1 :].isdecimal()
        }
        if made:
            return made[max(made)]
    raise MadeCardError(
        "NO_SUCH_CARD", "no such card lies in the output tray: `cardwright card show` tells"
    )
