"""How answers reach the host: whole, or in parts that it must fetch (ISO/IEC 7816-3 and 7816-4).

T=0 carries data one way a command. So an answer to a command with data waits for GET RESPONSE
(61xx), and one to a command without comes only for the right Le (6Cxx). Over any protocol, what is
longer than a short Le can ask for comes in parts (GP 2.3.1, 11.1.5.2). Secure messaging knows
nothing of all this: MACs are over the whole answer.
"""

from __future__ import annotations

from collections.abc import Callable

from cardwright.chip.apdu import Command, Status

__all__ = ["Link"]

_GET_RESPONSE = 0xC0
_SHORT = 256


class Link:
    """The transmission side of a powered card; it holds the part of an answer still to be sent."""

    def __init__(self, *, t0: bool) -> None:
        self._t0 = t0
        self._held = b""
        self._status = b""
        self._header = b""
        """Of the command whose Le was wrong; empty when GET RESPONSE is to fetch what is held."""

    def exchange(self, command: Command, execute: Callable[[Command], bytes]) -> bytes:
        """Run a command, or go on with the answer to the one before."""
        if self._held and self._asks_for_held(command):
            return self._deliver(command.le or _SHORT)
        self._held = b""
        answer = execute(command)
        data, status = answer[:-2], answer[-2:]
        if not data or command.extended:
            return answer
        if self._t0:
            return self._hold_for_t0(command, data, status)
        if len(data) > _SHORT:
            self._hold(data, status)
            return self._deliver(_SHORT)
        return answer

    def _asks_for_held(self, command: Command) -> bool:
        if command.data:
            return False
        header = bytes((command.cla, command.ins, command.p1, command.p2))
        if self._header:
            return header == self._header and command.le == len(self._held)
        return command.cla in (0x00, 0x80) and header[1:] == bytes((_GET_RESPONSE, 0, 0))

    def _hold_for_t0(self, command: Command, data: bytes, status: bytes) -> bytes:
        if not command.data and command.le is not None and len(data) <= _SHORT:
            if command.le == len(data):
                return data + status
            self._hold(data, status, bytes((command.cla, command.ins, command.p1, command.p2)))
            return _with_length(Status.WRONG_LE, len(data))
        self._hold(data, status)
        return _with_length(Status.MORE_OCTETS, len(data))

    def _hold(self, data: bytes, status: bytes, header: bytes = b"") -> None:
        self._held, self._status, self._header = data, status, header

    def _deliver(self, wanted: int) -> bytes:
        if self._t0 and wanted > len(self._held):
            return _with_length(Status.WRONG_LE, len(self._held))
        part, self._held = self._held[:wanted], self._held[wanted:]
        self._header = b""
        return part + (
            _with_length(Status.MORE_OCTETS, len(self._held)) if self._held else self._status
        )


def _with_length(status: Status, size: int) -> bytes:
    """A status word whose second octet tells how much there is; 00 is 256 or more."""
    return (status | (size & 0xFF if size < _SHORT else 0)).to_bytes(2, "big")
