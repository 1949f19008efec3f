"""A swipe encoder's serial port: a pseudo-terminal, whose name a symbolic link gives."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from cardwright.devices.msr import Card, MsrUnit

__all__ = ["MsrPort"]


class MsrPort:
    """A unit behind a pseudo-terminal, whose name a symbolic link gives.

    Args:
        link: where the terminal's name is to be found.
        card: the card that lies at the head, if any: it is moved past it as soon as that waits.
    """

    def __init__(self, link: Path, card: Callable[[], Card | None]) -> None:
        self.unit, self._card, self._link = MsrUnit(), card, link
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._theirs))
        self._guard = threading.Lock()
        self._wakes, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def attend(self) -> None:
        """A card may be there now: move it if the unit waits."""
        with self._guard:
            self._swipe()

    def close(self) -> None:
        """Pull the cable."""
        os.write(self._wake, b"\x00")
        self._thread.join()
        for end in (self._ours, self._theirs, self._wakes, self._wake):
            os.close(end)
        self._link.unlink(missing_ok=True)

    def _listen(self) -> None:
        while True:
            heard, _, _ = select.select([self._ours, self._wakes], [], [])
            if self._wakes in heard:
                return
            octets = os.read(self._ours, 4096)
            with self._guard:
                self._say(self.unit.hear(octets))
                self._swipe()

    def _swipe(self) -> None:
        card = self._card()
        if card is not None and self.unit.waiting:
            self._say(self.unit.swipe(card))

    def _say(self, octets: bytes) -> None:
        while octets:
            octets = octets[os.write(self._ours, octets) :]
