"""What SCP02 and SCP03 do alike to commands and responses: room for MACs, padding, checks."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from cardwright.globalplatform.errors import CommandError, ResponseMacError
from cardwright.iso.apdu import CommandApdu
from cardwright.iso.errors import ApduError

__all__ = ["MAX_SHORT", "Envelope", "check_response_mac", "is_error", "pad", "unpad"]

MAX_SHORT: Final = 255
"""Longest data field, in octets, of a short command."""

_SECURE_MESSAGING: Final = 0x04  # CLA bit 3, GP 2.3.1, 11.1.4
_MORE_THAN_CLASS: Final = 0x7F  # secure messaging, chaining, a logical channel


@dataclass(frozen=True, slots=True)
class Envelope:
    """How long a protected command may be, and what protection adds to it.

    Attributes:
        max_data: octets of command data that the card takes; above 255 it takes extended length.
        mac: octets of the C-MAC.
        block: octets of a cipher block, 0 without command encryption.
    """

    max_data: int
    mac: int
    block: int

    @property
    def max_plain_data(self) -> int:
        """Longest command data that can be protected: padding takes one octet at least."""
        room = self.max_data - self.mac
        return room - room % self.block - 1 if self.block else room

    def read(self, apdu: bytes) -> CommandApdu:
        """Read a command that is to be protected.

        Raises:
            CommandError: it is malformed, too long, or on another than the basic logical channel.
        """
        try:
            command = CommandApdu.parse(apdu)
        except ApduError as malformed:
            raise CommandError(f"{malformed}: check Lc.") from None
        if command.cla & _MORE_THAN_CLASS:
            raise CommandError(
                f"Class {command.cla:02X} can't be protected: commands are wrapped once, unchained "
                "and on the basic logical channel, from class 00 or 80."
            )
        if len(command.data) > self.max_plain_data:
            raise CommandError(
                f"{len(command.data)} octets of command data are too long to wrap: at most "
                f"{self.max_plain_data}; split the command."
            )
        if self.max_data <= MAX_SHORT and (command.le or 0) > MAX_SHORT + 1:
            raise CommandError("The card takes short commands only: expect at most 256 octets.")
        return command

    def frame(self, command: CommandApdu, length: int) -> tuple[bytes, bytes]:
        """Return header and Lc, and Le, of the protected command, for ``length`` octets of data.

        Both lengths are extended when either needs it. Lc counts the MAC too, and is what the MAC
        covers: three octets where it is extended, as 11.1.5.1 has it for chained commands.
        """
        lc, le = length + self.mac, command.le
        size = 3 if lc > MAX_SHORT or (le or 0) > MAX_SHORT + 1 else 1
        head = bytes((command.cla | _SECURE_MESSAGING, command.ins, command.p1, command.p2))
        tail = b""
        if le is not None:
            octets = 2 if size == 3 else 1
            # 256 or 65,536, "all that are there", are written as zeros: the modulus does that.
            tail = (le % (1 << 8 * octets)).to_bytes(octets, "big")
        return head + lc.to_bytes(size, "big"), tail


def pad(data: bytes, block: int) -> bytes:
    """ISO/IEC 7816-4 padding (GP 2.3.1, B.1.3 and B.2.3): 80, then zeros to a whole block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(padded: bytes) -> bytes | None:
    """Take the padding off; None where there is none."""
    plain, mark, zeros = padded.rpartition(b"\x80")
    return plain if mark and not zeros.strip(b"\0") else None


def is_error(status: bytes) -> bool:
    """Whether a status word is an error: neither 9000 nor a warning, 62xx or 63xx."""
    return status != b"\x90\x00" and status[:1] not in {b"\x62", b"\x63"}


def check_response_mac(expected: bytes, received: bytes) -> None:
    """Make sure that a response is the card's and answers the command that it should.

    Raises:
        ResponseMacError: it does not.
    """
    if not compare_digest(expected, received):
        raise ResponseMacError(
            "The response MAC is wrong: the response was changed or answers another command. End "
            "the session and treat the card as not personalized."
        )
