"""Commands and status words as the card sees them (ISO/IEC 7816-3 and 7816-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Command", "Handlers", "Refusal", "Status", "dispatch", "parse_command"]


class Status(IntEnum):
    """The status words this card answers with (ISO/IEC 7816-4, 5.6; GP 2.3, 11.1.3)."""

    OK = 0x9000
    MORE_OCTETS = 0x6100
    SELECTED_LOCKED = 0x6283
    AUTHENTICATION_FAILED = 0x6300
    MORE_DATA = 0x6310
    VERIFY_FAILED = 0x63C0
    WRONG_LENGTH = 0x6700
    NO_LOGICAL_CHANNEL = 0x6881
    SECURITY_NOT_SATISFIED = 0x6982
    BLOCKED = 0x6983
    REFERENCE_UNUSABLE = 0x6984
    NOT_NOW = 0x6985
    MESSAGING_OBJECTS_MISSING = 0x6987
    MESSAGING_OBJECTS_INCORRECT = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_UNSUPPORTED = 0x6A81
    NOT_FOUND = 0x6A82
    NO_RECORD = 0x6A83
    NO_MEMORY = 0x6A84
    WRONG_P1_P2 = 0x6A86
    NO_REFERENCE = 0x6A88
    WRONG_LE = 0x6C00
    UNKNOWN_INS = 0x6D00
    UNKNOWN_CLA = 0x6E00


class Refusal(Exception):  # noqa: N818 - a card refuses; the status word says whether it erred
    """The card ends a command with another status than 9000; a warning may carry data."""

    def __init__(self, status: int, data: bytes = b"") -> None:
        super().__init__(f"{status:04X}")
        self.status = status
        self.data = data


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """A command. ``le`` is the expected length, None when no response data is asked for."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    def header(self, size: int) -> bytes:
        """The header with Lc for ``size`` octets of data, in the form that the command has."""
        lc = b"\0" + size.to_bytes(2, "big") if self.extended else bytes((size & 0xFF,))
        return bytes((self.cla, self.ins, self.p1, self.p2)) + lc

    def require_p1_p2(self, p1: int, p2: int) -> None:
        """Refuse other parameters than these with 6A86."""
        if (self.p1, self.p2) != (p1, p2):
            raise Refusal(Status.WRONG_P1_P2)

    def require_length(self, *lengths: int) -> None:
        """Refuse other lengths of command data than these with 6700."""
        if len(self.data) not in lengths:
            raise Refusal(Status.WRONG_LENGTH)


def parse_command(raw: bytes, *, extended: bool = False) -> Command:
    """Read a command, cases 1 to 4 (ISO/IEC 7816-3, 12.1.3); what is none is 6700.

    So is one of extended length, unless the card says by ``extended`` that it takes them.
    """
    if len(raw) < 4:
        raise Refusal(Status.WRONG_LENGTH)
    cla, ins, p1, p2 = raw[:4]
    body = raw[4:]
    is_extended = extended and len(body) >= 3 and body[0] == 0
    data, le = _read_extended(body[1:]) if is_extended else _read_short(body)
    return Command(cla, ins, p1, p2, data, le, is_extended)


def _read_short(body: bytes) -> tuple[bytes, int | None]:
    if len(body) <= 1:
        return b"", (body[0] or 256) if body else None
    return _read_data(body[0], body[1:], le_octets=1)


def _read_extended(body: bytes) -> tuple[bytes, int | None]:
    size = int.from_bytes(body[:2], "big")
    if len(body) == 2:
        return b"", size or 65536
    return _read_data(size, body[2:], le_octets=2)


def _read_data(lc: int, rest: bytes, *, le_octets: int) -> tuple[bytes, int | None]:
    data, le = rest[:lc], rest[lc:]
    if not lc or len(data) != lc or len(le) not in (0, le_octets):
        raise Refusal(Status.WRONG_LENGTH)
    return data, (int.from_bytes(le, "big") or 256**le_octets) if le else None


Handlers = Mapping[tuple[int, int], Callable[[Command], bytes]]
"""What an application understands: (CLA without secure messaging, INS) to its handler."""


def dispatch(handlers: Handlers, command: Command) -> bytes:
    """Run the handler, or say whether INS or CLA was the stranger."""
    handler = handlers.get((command.cla, command.ins))
    if handler is not None:
        return handler(command)
    known = any(ins == command.ins for _, ins in handlers)
    raise Refusal(Status.UNKNOWN_CLA if known else Status.UNKNOWN_INS)
