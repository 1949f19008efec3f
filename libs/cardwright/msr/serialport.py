"""A serial port: 9600 baud, eight bits, no parity, and a deadline for whatever is read."""

from __future__ import annotations

import os
import select
import termios
import time
import tty
from pathlib import Path
from typing import Final

from cardwright.msr.errors import MsrError

__all__ = ["SerialPort"]

_LOST: Final = "the encoder's port is gone: plug it in"
_AT_ONCE: Final = 4096


class SerialPort:
    """One open port.

    Raises:
        MsrError: MSR_LOST, there is none of that name.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            self._port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise MsrError("MSR_LOST", f"{path} can't be opened ({error.strerror})") from error
        try:
            self._make_raw()
        except termios.error as error:
            os.close(self._port)
            raise MsrError("MSR_LOST", f"{path} is no serial port") from error

    def _make_raw(self) -> None:
        tty.setraw(self._port)
        settings = termios.tcgetattr(self._port)
        settings[4] = settings[5] = termios.B9600
        settings[2] = (settings[2] & ~(termios.PARENB | termios.CSTOPB)) | termios.CLOCAL
        termios.tcsetattr(self._port, termios.TCSANOW, settings)

    def send(self, octets: bytes, within: float) -> None:
        """Write all octets.

        Raises:
            MsrError: MSR_TIMEOUT, MSR_LOST.
        """
        until, left = time.monotonic() + within, octets
        while left:
            self._wait(until, write=True)
            try:
                left = left[os.write(self._port, left) :]
            except OSError as error:
                raise MsrError("MSR_LOST", _LOST) from error

    def receive(self, until: float) -> bytes:
        """Return some octets, at least one.

        Args:
            until: when to give up, by ``time.monotonic``.

        Raises:
            MsrError: MSR_TIMEOUT, MSR_LOST.
        """
        self._wait(until)
        try:
            octets = os.read(self._port, _AT_ONCE)
        except OSError as error:
            raise MsrError("MSR_LOST", _LOST) from error
        if not octets:
            raise MsrError("MSR_LOST", _LOST)
        return octets

    def forget(self) -> None:
        """Drop what came and was not read: an answer that was too late."""
        try:
            termios.tcflush(self._port, termios.TCIFLUSH)
        except termios.error as error:
            raise MsrError("MSR_LOST", _LOST) from error

    def drain(self, quiet: float) -> None:
        """Drop whatever comes until nothing has come for ``quiet`` seconds.

        Raises:
            MsrError: MSR_LOST.
        """
        try:
            while True:
                self.receive(time.monotonic() + quiet)
        except MsrError as error:
            if error.code != "MSR_TIMEOUT":
                raise

    def close(self) -> None:
        """Leave the port to others."""
        if self._port >= 0:
            os.close(self._port)
            self._port = -1

    def _wait(self, until: float, *, write: bool = False) -> None:
        left = max(0.0, until - time.monotonic())
        reading, writing = ([], [self._port]) if write else ([self._port], [])
        if not any(select.select(reading, writing, [], left)):
            raise MsrError("MSR_TIMEOUT", "the encoder does not answer: is it on?")
