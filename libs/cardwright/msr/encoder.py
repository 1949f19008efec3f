"""The encoder behind a serial port: settings that are read back, raw writing, raw reading."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from cardwright.iso.stripe import BitStream
from cardwright.msr.errors import MsrError, status_error
from cardwright.msr.frames import ESC, ending_length, leading_zeros, raw_block, read_bits
from cardwright.msr.serialport import SerialPort

__all__ = ["MsrEncoder"]

_OK: Final = 0x30
_RESET, _TEST, _MODEL = b"a", b"e", b"t"
_WRITE_RAW, _READ_RAW, _ERASE = b"n", b"m", b"c"
_SET_ZEROS, _GET_ZEROS = b"z", b"l"
_COERCIVITY: Final = {"hico": (b"x", b"H"), "loco": (b"y", b"L")}
_GET_COERCIVITY: Final = b"d"
_DENSITIES: Final = (b"b\xa1", b"b\x4b", b"b\xc1")
"""210, 75 and 210 bits an inch for tracks 1, 2 and 3 (ISO/IEC 7811-2 and -6)."""
_THE_CARDS: Final = frozenset({"MSR_SWIPE", "MSR_WRITE"})
"""Failures of a card; the encoder itself is as it was."""
_EIGHT_BITS: Final = b"\x08\x08\x08"
_SILENCE: Final = 0.1
"""Seconds without an octet after which none is under way; at 9600 baud one takes a millisecond."""
_QUIET: Final = {1: 62, 2: 22}
"""Zeros before a start sentinel 7.44 mm from the edge; one setting for tracks 1 and 3."""
_ERASED: Final = {(1,): 0, (2,): 2, (3,): 4, (1, 2): 3, (1, 3): 5, (2, 3): 6, (1, 2, 3): 7}
"""The manual's select octets; track 1 alone is 0, not 1."""


class MsrEncoder:
    """One encoder. Calls block, and are for one thread at a time.

    What is written is bits, sentinels and check included, so it is the stripe that
    ``cardwright.iso.stripe`` makes and not the encoder's idea of it. Zeros before the first one are
    set apart; the encoder does not tell them when it reads.

    Args:
        port: its serial port.
        answer_within: seconds until it must have answered a command without a card.
        swipe_within: seconds until a card must have come past the head.
    """

    def __init__(
        self, port: SerialPort, *, answer_within: float = 2.0, swipe_within: float = 30.0
    ) -> None:
        self._port = port
        self._answer_within, self._swipe_within = answer_within, swipe_within
        self.model = ""
        self._ready = False

    def prepare(self) -> None:
        """Reset the encoder, see that it answers, and set densities and eight bits a character.

        Raises:
            MsrError: see its codes.
        """
        self._ready = False
        self._send(_RESET)
        self._port.drain(_SILENCE)  # a reset is not answered: what comes belongs to what was before
        if self._ask(_TEST, 2) != bytes((ESC, 0x79)):
            raise MsrError("MSR_OUT_OF_STEP", "this is no encoder's answer: check the port")
        self._send(_RESET)
        self.model = self._ask(_MODEL, 3)[1:2].decode("ascii", "replace")
        for density in _DENSITIES:
            self._set(density)
        kept = self._ask(b"o" + _EIGHT_BITS, 5)
        if kept != bytes((ESC, _OK)) + _EIGHT_BITS:
            raise MsrError(
                "MSR_SETTING", "it does not take eight bits a character: check its model"
            )
        self._ready = True

    def write(self, tracks: Mapping[int, BitStream], coercivity: str) -> None:
        """Write the card that comes next; tracks that are not named stay as they were.

        Args:
            tracks: bits as on the stripe, with zeros before and behind.
            coercivity: "hico" or "loco".

        Raises:
            MsrError: see its codes.
        """
        block = raw_block(tracks)
        self._require_ready()
        self._set_coercivity(coercivity)
        self._set_zeros(tracks)
        self._finish(self._swiped(_WRITE_RAW + block, _status_length))

    def read(self) -> dict[int, BitStream]:
        """Read the card that comes next; a track begins with its first one.

        Raises:
            MsrError: see its codes.
        """
        self._require_ready()
        block = self._swiped(_READ_RAW, ending_length)
        self._finish(block)
        return read_bits(block)

    def erase(self, *tracks: int) -> None:
        """Erase tracks of the card that comes next.

        Raises:
            MsrError: see its codes.
        """
        self._require_ready()
        select = _ERASED[tuple(sorted(tracks))]
        self._finish(self._swiped(_ERASE + bytes((select,)), _status_length))

    def close(self) -> None:
        """Leave the port to others."""
        self._port.close()

    def _require_ready(self) -> None:
        """Begin anew after whatever left it unclear what the encoder waits for."""
        if not self._ready:
            self.prepare()

    def _set_coercivity(self, coercivity: str) -> None:
        command, kept = _COERCIVITY[coercivity]
        self._set(command)
        if self._ask(_GET_COERCIVITY, 2)[1:].upper() != kept:  # some models answer in lower case
            self._give_up("MSR_SETTING", f"it does not switch to {coercivity}: check its model")

    def _set_zeros(self, tracks: Mapping[int, BitStream]) -> None:
        wide = max((leading_zeros(tracks[n]) for n in (1, 3) if n in tracks), default=_QUIET[1])
        narrow = leading_zeros(tracks[2]) if 2 in tracks else _QUIET[2]
        wanted = bytes((min(wide, 255), min(narrow, 255)))
        self._set(_SET_ZEROS + wanted)
        if self._ask(_GET_ZEROS, 3)[1:] != wanted:
            self._give_up("MSR_SETTING", "it keeps other leading zeros: check its model")

    def _set(self, command: bytes) -> None:
        self._finish(self._ask(command, 2))

    def _finish(self, answer: bytes) -> None:
        if answer[-1] != _OK:
            error = status_error(answer[-1])
            self._ready = error.code in _THE_CARDS
            raise error

    def _ask(self, command: bytes, length: int) -> bytes:
        """Send a command and return its answer of a known length."""
        self._send(command)
        return self._receive(
            self._answer_within, lambda got: length if len(got) >= length else None
        )

    def _swiped(self, command: bytes, whole: Callable[[bytes], int | None]) -> bytes:
        """Send a command that waits for a card."""
        self._send(command)
        try:
            return self._receive(self._swipe_within, whole)
        except MsrError as error:
            if error.code == "MSR_TIMEOUT":
                self._give_up("MSR_NO_SWIPE", "no card came past the head: swipe one")
            raise

    def _send(self, command: bytes) -> None:
        self._port.forget()
        self._port.send(bytes((ESC,)) + command, self._answer_within)

    def _receive(self, within: float, whole: Callable[[bytes], int | None]) -> bytes:
        until, received = time.monotonic() + within, b""
        try:
            while (end := whole(received)) is None:
                received += self._port.receive(until)
        except MsrError:
            self._ready = False
            raise
        if received[0] != ESC or len(received) != end:
            self._give_up("MSR_OUT_OF_STEP", "octets that are no answer: it is reset")
        return received

    def _give_up(self, code: str, message: str) -> None:
        """The encoder may still wait for a card: it is reset before the next command."""
        self._ready = False
        raise MsrError(code, message)


def _status_length(received: bytes) -> int | None:
    return 2 if len(received) >= 2 else None
