"""A swipe encoder with the MSR206 family's command set, behind a pseudo-terminal (docs/devices.md).

It answers as the MSR605 manual (rev. B, 2009) says: ``ESC`` and a status, commands that wait for a
card and then hear nothing but a reset, settings that are kept. What the manual leaves open it does
not do: raw reading at other than eight bits a character.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from cardwright.devices.msrbits import (
    bits_of,
    from_first_one,
    iso_bits,
    iso_text,
    iso_tracks,
    packed,
    raw_tracks,
)
from cardwright.devices.stripe import CAPACITY, Track

__all__ = ["Card", "MsrUnit"]

_ESC, _END = b"\x1b", b"?\x1c"
_OK, _FAILED, _MALFORMED, _UNKNOWN, _NO = b"\x1b0", b"\x1b1", b"\x1b2", b"\x1b4", b"\x1bA"
_ARGUMENTS: Final = {b"z": 2, b"c": 1, b"b": 1, b"o": 3}
_LAMPS: Final = (b"\x81", b"\x82", b"\x83", b"\x84", b"\x85")
_ERASES: Final = {0: (1,), 2: (2,), 4: (3,), 3: (1, 2), 5: (1, 3), 6: (2, 3), 7: (1, 2, 3)}
_DENSITY: Final = {0xD2: (2, 210), 0x4B: (2, 75), 0xA1: (1, 210), 0xA0: (1, 75),
                   0xC1: (3, 210), 0xC0: (3, 75)}  # fmt: skip
_INCHES: Final = 85.6 / 25.4  # inches of an ID-1 card


class Card(Protocol):
    """The stripe of the card that passes the head."""

    coercivity: str

    def read(self) -> dict[int, Track]:
        """The tracks as they are."""

    def write(self, tracks: dict[int, Track]) -> None:
        """Put tracks in the place of what was there; others stay."""


class MsrUnit:
    """The encoder's electronics: octets in, octets out, and cards past the head.

    Attributes:
        waiting: it waits for a card to be swiped.
    """

    def __init__(self) -> None:
        self._heard = b""
        self._swiped: Callable[[Card], bytes] | None = None
        self.hico = True  # a reset does not touch it
        self._restart()

    def _restart(self) -> None:
        self.zeros = (61, 22)
        self._bits = {1: 7, 2: 5, 3: 5}
        self._density = {1: 210, 2: 75, 3: 210}
        self._swiped = None

    @property
    def waiting(self) -> bool:
        """Whether a card should come now."""
        return self._swiped is not None

    def hear(self, octets: bytes) -> bytes:
        """Take octets from the host; what is answered at once."""
        self._heard += octets
        answers = b""
        while (command := self._next()) is not None:
            answers += self._obey(command[1:2], command[2:])
        return answers

    def swipe(self, card: Card) -> bytes:
        """Move a card past the head; what is answered, nothing if no command waits for one."""
        act, self._swiped = self._swiped, None
        return b"" if act is None else act(card)

    # -- what the host says

    def _next(self) -> bytes | None:
        """Cut the next whole command off what was heard."""
        start = self._heard.find(_ESC)
        self._heard = self._heard[start:] if start >= 0 else b""
        size = self._size()
        if size is None or len(self._heard) < size:
            return None
        command, self._heard = self._heard[:size], self._heard[size:]
        return command

    def _size(self) -> int | None:
        """How long the command is that was begun; None while that can't be told."""
        name = self._heard[1:2]
        if not name:
            return None
        if name not in (b"w", b"n"):
            return 2 + _ARGUMENTS.get(name, 0)
        at = 4
        while self._heard[at : at + 2] != _END:
            mark = self._heard[at : at + 1]
            if mark not in (b"", _ESC, b"?"):
                return at + 1  # malformed: it ends where that shows
            if len(self._heard) < at + 3:
                return None
            if mark == b"?":
                return at + 1
            if name == b"n":
                at += 3 + self._heard[at + 2]
            elif (end := self._end_of_text(at + 2)) is None:
                return None
            else:
                at = end
        return at + 2

    def _end_of_text(self, at: int) -> int | None:
        ends = [end for end in (self._heard.find(mark, at) for mark in (_ESC, _END)) if end >= 0]
        return min(ends, default=None)

    def _obey(self, name: bytes, rest: bytes) -> bytes:
        if name == b"a":
            self._restart()
            return b""
        if self.waiting:  # deaf until a card comes, or a reset
            return b""
        answers = {
            b"e": b"\x1by",
            b"t": b"\x1b3S",
            b"v": b"\x1bREVT1.0",
            b"\x87": _OK,
            b"d": _ESC + (b"H" if self.hico else b"L"),
            b"l": _ESC + bytes(self.zeros),
            **dict.fromkeys(_LAMPS, b""),
        }
        acts = {
            b"x": self._set_hico,
            b"y": self._set_loco,
            b"z": self._set_zeros,
            b"b": self._set_density,
            b"o": self._set_bits,
            b"c": self._erase,
            b"n": self._write_raw,
            b"w": self._write_iso,
            b"m": self._read_raw,
            b"r": self._read_iso,
            b"\x86": self._sense,
        }
        return acts[name](rest) if name in acts else answers.get(name, _UNKNOWN)

    # -- settings

    def _set_hico(self, _: bytes) -> bytes:
        self.hico = True
        return _OK

    def _set_loco(self, _: bytes) -> bytes:
        self.hico = False
        return _OK

    def _set_zeros(self, rest: bytes) -> bytes:
        self.zeros = (rest[0], rest[1])
        return _OK

    def _set_density(self, rest: bytes) -> bytes:
        if rest[0] not in _DENSITY:
            return _NO
        track, density = _DENSITY[rest[0]]
        self._density[track] = density
        return _OK

    def _set_bits(self, rest: bytes) -> bytes:
        if not all(5 <= bits <= 8 for bits in rest):
            return _NO
        self._bits = dict(enumerate(rest, 1))
        return _OK + rest

    # -- what waits for a card

    def _sense(self, _: bytes) -> bytes:
        self._swiped = lambda _: _OK
        return b""

    def _erase(self, rest: bytes) -> bytes:
        if rest[0] not in _ERASES:
            return _NO
        tracks = _ERASES[rest[0]]
        self._swiped = lambda card: self._put(card, dict.fromkeys(tracks, ""))
        return b""

    def _write_raw(self, rest: bytes) -> bytes:
        tracks = raw_tracks(rest)
        if tracks is None:
            return _MALFORMED
        bits = {n: self._unpacked(n, data) for n, data in tracks.items() if data}
        self._swiped = lambda card: self._put(card, bits)
        return b""

    def _write_iso(self, rest: bytes) -> bytes:
        texts = iso_tracks(rest)
        if texts is None:
            return _MALFORMED
        try:
            bits = {n: iso_bits(n, text) for n, text in texts.items() if text}
        except ValueError:
            return _MALFORMED
        self._swiped = lambda card: self._put(card, bits)
        return b""

    def _put(self, card: Card, bits: dict[int, str]) -> bytes:
        """Write what passes; the head writes zeros before, as set, and behind up to the edge."""
        made = {}
        for number, data in bits.items():
            room = self._room(number)
            stripe = "0" * self.zeros[number == 2] + data
            if len(stripe) > room:
                return _FAILED  # the card has left the head before all of it was written
            made[number] = packed(stripe.ljust(room, "0"))
        if self.hico or card.coercivity == "loco":
            card.write(made)
        # A weak field leaves a high-coercivity stripe as it was, and the head doesn't notice.
        return _OK

    def _room(self, number: int) -> int:
        return min(CAPACITY[number], int(self._density[number] * _INCHES) + 1)

    def _read_raw(self, _: bytes) -> bytes:
        def answer(card: Card) -> bytes:
            if set(self._bits.values()) != {8}:
                return _FAILED
            tracks = card.read()
            body = b"".join(
                _ESC + bytes((n, len(data))) + data
                for n in (1, 2, 3)
                for data in [from_first_one(tracks.get(n))]
            )
            return _ESC + b"s" + body + _END + _OK

        self._swiped = answer
        return b""

    def _read_iso(self, _: bytes) -> bytes:
        def answer(card: Card) -> bytes:
            tracks, body, status = card.read(), b"", _OK
            for number in (1, 2, 3):
                bits = bits_of(tracks.get(number))
                text = iso_text(number, bits)
                if text is None:
                    text, status = b"\x1b*", _FAILED
                body += _ESC + bytes((number,)) + (text or b"\x1b+")
            return _ESC + b"s" + body + _END + status

        self._swiped = answer
        return b""

    def _unpacked(self, number: int, data: bytes) -> str:
        """The bits of an octet in the order of writing, the least significant first."""
        size = self._bits[number]
        return "".join(f"{octet & ((1 << size) - 1):0{size}b}"[::-1] for octet in data)
