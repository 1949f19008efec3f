"""ISO/IEC 7816-4 clause 5: command and response units, short and extended, and status words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from cardwright.iso.errors import ApduError

__all__ = ["SW", "CommandApdu", "ResponseApdu", "StatusWordError"]


class SW(IntEnum):
    """Status words of ISO/IEC 7816-4 and GlobalPlatform that a personalization line meets."""

    OK = 0x9000
    SELECTED_FILE_DEACTIVATED = 0x6283
    WARNING_NO_INFORMATION = 0x6300
    MORE_DATA_AVAILABLE = 0x6310
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    LOGICAL_CHANNEL_NOT_SUPPORTED = 0x6881
    SECURE_MESSAGING_NOT_SUPPORTED = 0x6882
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_METHOD_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    COMMAND_NOT_ALLOWED = 0x6986
    SECURE_MESSAGING_DATA_MISSING = 0x6987
    SECURE_MESSAGING_DATA_INCORRECT = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NOT_ENOUGH_MEMORY = 0x6A84
    INCORRECT_P1_P2 = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_P1_P2 = 0x6B00
    INSTRUCTION_NOT_SUPPORTED = 0x6D00
    CLASS_NOT_SUPPORTED = 0x6E00
    NO_PRECISE_DIAGNOSIS = 0x6F00


class StatusWordError(Exception):
    """A card answered with another status word than was needed.

    Attributes:
        code: the status word's name in ``SW``, else ``SW_`` and its four hexadecimal digits.
        sw: the status word.
    """

    def __init__(self, code: str, sw: int) -> None:
        super().__init__(f"The card answered {sw:04X} ({code}); see ISO/IEC 7816-4 clause 5.6")
        self.code = code
        self.sw = sw


@dataclass(frozen=True, slots=True)
class CommandApdu:
    """A command to a card; its data do not print.

    Attributes:
        cla: class octet.
        ins: instruction octet.
        p1: first parameter octet.
        p2: second parameter octet.
        data: up to 65,535 octets; more than 255 make the command extended.
        le: how many octets to expect, 1 to 65,536 ("all that are there" is 256 short, 65,536
            extended), or None for none; more than 256 make the command extended.

    Raises:
        ApduError: APDU_FORMAT for a field out of range.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    def __post_init__(self) -> None:
        if not all(0 <= octet <= 0xFF for octet in (self.cla, self.ins, self.p1, self.p2)):
            raise _malformed("CLA, INS, P1 and P2 are one octet each")
        if len(self.data) > 0xFFFF:
            raise _malformed("a command carries at most 65,535 octets; chain commands instead")
        if self.le is not None and not 1 <= self.le <= 0x10000:
            raise _malformed("the expected length is 1 to 65,536, or None")

    @property
    def extended(self) -> bool:
        """Whether the data or the expected length need the extended coding."""
        return len(self.data) > 0xFF or (self.le is not None and self.le > 0x100)

    def encode(self) -> bytes:
        """Return the command's octets in the shorter coding that holds it."""
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        size = 2 if self.extended else 1
        marker = b"\x00" if self.extended else b""
        body = len(self.data).to_bytes(size, "big") + self.data if self.data else b""
        # An expected length of 256 or 65,536 is written as zeros: the modulus does that.
        tail = b"" if self.le is None else (self.le % (1 << 8 * size)).to_bytes(size, "big")
        return header + (marker if body or tail else b"") + body + tail

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Read a command as a card does (cases 1 to 4, short and extended).

        Raises:
            ApduError: APDU_FORMAT when header, lengths and octets do not agree.
        """
        if len(octets) < 4:
            raise _malformed("a command has a header of four octets")
        cla, ins, p1, p2 = octets[:4]
        data, le = _parse_body(octets[4:])
        return cls(cla, ins, p1, p2, data, le)


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """A card's answer; its data do not print."""

    data: bytes = field(repr=False)
    sw: int

    def __repr__(self) -> str:
        return f"ResponseApdu(<{len(self.data)} octets>, sw={self.sw:04X})"

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Split an answer into data and status word.

        Raises:
            ApduError: APDU_FORMAT for fewer than two octets.
        """
        if len(octets) < 2:
            raise _malformed("an answer ends with a status word of two octets")
        return cls(octets[:-2], int.from_bytes(octets[-2:], "big"))

    @property
    def ok(self) -> bool:
        """Whether the status word is 9000."""
        return self.sw == SW.OK

    def expect(self, *accepted: int) -> bytes:
        """Return the data if the status word is 9000 or one of ``accepted``.

        Raises:
            StatusWordError: it is another one.
        """
        if self.sw != SW.OK and self.sw not in accepted:
            raise StatusWordError(_name(self.sw), self.sw)
        return self.data

    def encode(self) -> bytes:
        """Return data and status word as the card sends them."""
        return self.data + self.sw.to_bytes(2, "big")


def _name(sw: int) -> str:
    try:
        return SW(sw).name
    except ValueError:
        return f"SW_{sw:04X}"


def _parse_body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if body[0] == 0 and len(body) >= 3:
        return _split(body[1:], size=2)
    return _split(body, size=1)


def _split(body: bytes, size: int) -> tuple[bytes, int | None]:
    first, rest = int.from_bytes(body[:size], "big"), body[size:]
    if not rest:
        return b"", first or 1 << 8 * size
    if first == 0 or len(rest) not in (first, first + size):
        raise _malformed("the command's length octets and its data do not agree")
    if len(rest) == first:
        return rest, None
    return rest[:first], int.from_bytes(rest[first:], "big") or 1 << 8 * size


def _malformed(reason: str) -> ApduError:
    return ApduError("APDU_FORMAT", f"Malformed unit: {reason}")
