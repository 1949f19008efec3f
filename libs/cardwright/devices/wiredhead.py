"""A head whose contacts lead to a reader: the machine moves the card, the reader talks to it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cardwright.devices.chipslot import ChipSlot
from cardwright.devices.errors import DeviceError
from cardwright.devices.vpcd import dial, serve

__all__ = ["Address", "WiredChip", "parse_reader", "parse_swipe"]

Address = tuple[str, int]
_AGAIN: Final = 0.1
"""Seconds between two tries to reach a reader that is unplugged."""


def parse_reader(text: str) -> tuple[int, Address]:
    """Read ``HEAD=HOST:PORT``, the wiring of one head; BAD_READER if it is none."""
    head, _, address = text.partition("=")
    host, _, port = address.rpartition(":")
    if not (head.isdecimal() and host and port.isdecimal()):
        raise DeviceError("BAD_READER", "a reader is HEAD=HOST:PORT, such as 0=127.0.0.1:35963")
    return int(head), (host, int(port))


def parse_swipe(text: str) -> tuple[int, Path]:
    """Read ``HEAD=PATH``, where the terminal of a head's swipe encoder goes; BAD_READER if none."""
    head, _, path = text.partition("=")
    if not (head.isdecimal() and path):
        raise DeviceError("BAD_READER", "a swipe encoder is HEAD=PATH, such as 0=/run/msr-0")
    return int(head), Path(path)


class WiredChip:
    """The chip of a card in such a head, from FEED to EJECT.

    A reader that is unplugged and comes back finds the card where it was, without power meanwhile.
    """

    def __init__(self, slot: ChipSlot, reader: Address) -> None:
        self._slot, self._reader = slot, reader
        self._out = threading.Event()
        self._line: socket.socket | None = None
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._be_present, daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card off the contacts; what the chip was doing is finished, unheard."""
        with self._guard:
            self._out.set()
            if self._line is not None:
                with suppress(OSError):  # the reader may have hung up first
                    self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def power_on(self, contactless: bool = False) -> bytes:
        """Reset the chip."""
        del contactless
        return self._slot.power()

    def process(self, command: bytes, /) -> bytes:
        """Carry out a command; the slot counts it."""
        return self._slot.transmit(command)

    def _be_present(self) -> None:
        while not self._out.is_set():
            try:
                line = dial(*self._reader)
            except DeviceError:
                self._out.wait(_AGAIN)
                continue
            with self._guard:
                self._line = line
            with line, suppress(OSError):  # hanging up in the middle of an answer is hanging up
                if not self._out.is_set():
                    serve(self, line, after=self._slot.save)
            with self._guard:
                self._line = None
            self._out.wait(_AGAIN)
