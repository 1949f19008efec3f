"""A contact station: the pins between a machine and the chip of the card inside it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.devices.errors import DeviceError
from cardwright.devices.floor import CHIP, Floor, Passport
from cardwright.secret import SecretBytes

__all__ = ["Chip", "ChipSlot", "ChipWorks", "pack_apdus", "succeeded", "unpack_apdus"]

# GlobalPlatform Card Specification 2.3.1, 11.11, and its Amendment D, 7.1.1
_STORE_DATA, _INITIALIZE_UPDATE = 0xE2, 0x50
_GET_RESPONSE = 0xC0  # fetches the answer of a T=0 chip (ISO/IEC 7816-4, 7.6.1)
_PARTS = 256  # an answer has at most 65,536 octets


class Chip(Protocol):
    """All that a machine knows of a chip: cardwright.chip's Chip is one."""

    def power_on(self, contactless: bool = False, /) -> bytes:
        """Reset the chip at its contacts or in the field; empty when it is mute there."""

    def process(self, command: bytes, /) -> bytes:
        """Carry out a command APDU; the response APDU ends with its status word."""

    def serialize(self) -> bytes:
        """The chip's whole non-volatile memory."""


@dataclass(frozen=True, slots=True)
class ChipWorks:
    """Where chips come from.

    Attributes:
        manufacture: makes a chip from a serial (10 octets) and the transport key, once.
        restore: the same chip again from its memory, freshly reset.
        kmc: the transport master key (a test key) that the factory puts into each chip.
    """

    manufacture: Callable[[bytes, bytes], Chip]
    restore: Callable[[bytes], Chip]
    kmc: SecretBytes

    def fresh(self, blank: str) -> Chip:
        """The chip in a blank: its serial follows from the blank's, so it is the same one again."""
        return self.manufacture(hashlib.sha256(blank.encode()).digest()[:10], self.kmc.reveal())


class ChipSlot:
    """The chip of one card while a machine holds the card.

    The chip's memory goes back to the floor by save(); between saves it lives in this process.

    Attributes:
        personalised: a STORE DATA was accepted in this session.
        commands: how many commands the chip carried out in this session.
        serial: the diversification data with which the chip presented itself, in hex.
    """

    def __init__(self, works: ChipWorks, floor: Floor, card: str, passport: Passport) -> None:
        self._works, self._floor, self._card, self._passport = works, floor, card, passport
        self._chip: Chip | None = None
        self._saved = b""
        self._presents_itself = False
        self.personalised = False
        self.commands = 0
        self.serial = ""

    def power(self, *, contactless: bool = False) -> bytes:
        """Reset the chip and return its answer (ISO/IEC 7816-3, 8; ISO/IEC 14443-4, 5.2)."""
        if not self._passport.chip:
            raise DeviceError("NO_CHIP", "this material has no chip: route it past the encoder")
        if self._chip is None:
            self._chip = self._inserted()
        if answer := self._chip.power_on(contactless):
            return answer
        raise DeviceError("CHIP_MUTE", "no answer to reset: the chip may have no such interface")

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU to the powered chip and return its response."""
        if self._chip is None:
            raise DeviceError("NOT_POWERED", "send POWER before the first command")
        if len(command) < 4:
            raise DeviceError("BAD_APDU", "a command APDU has at least 4 octets")
        response = self._chip.process(command)
        self.commands += 1
        self.personalised |= command[1] == _STORE_DATA and succeeded(response)
        if command[1] != _GET_RESPONSE:
            self._presents_itself = command[1] == _INITIALIZE_UPDATE
        if self._presents_itself and succeeded(response) and len(response) > 12:
            self.serial = response[:10].hex().upper()
        return response

    def script(self, commands: Sequence[bytes]) -> list[bytes]:
        """Send commands until one fails; the whole responses, that of the failed one last."""
        responses: list[bytes] = []
        for command in commands:
            responses.append(self.whole(command))
            if not succeeded(responses[-1]):
                break
        return responses

    def whole(self, command: bytes) -> bytes:
        """Send a command and return its whole response, as a short-APDU reader does it.

        What 61xx announces is fetched; a command that meets 6Cxx is sent again with that Le
        (ISO/IEC 7816-3, 12.2.1).
        """
        data, response = b"", self.transmit(command)
        if response[-2:-1] == b"\x6c":
            response = self.transmit(_with_le(command, response[-1]))
        for _ in range(_PARTS):
            if response[-2:-1] != b"\x61":
                break
            data += response[:-2]
            fetch = bytes((command[0] & 0x03, _GET_RESPONSE, 0, 0, response[-1]))
            response = self.transmit(fetch)
        return data + response

    def _inserted(self) -> Chip:
        memory = self._floor.read(self._card, CHIP)
        if memory is None:
            return self._works.fresh(self._passport.blank)
        self._saved = memory
        return self._works.restore(memory)

    def save(self) -> None:
        """Put the chip's memory on the floor if it changed."""
        if self._chip is None:
            return
        memory = self._chip.serialize()
        if memory != self._saved:
            self._floor.write(self._card, CHIP, memory)
            self._saved = memory


def _with_le(command: bytes, le: int) -> bytes:
    """A short command with another Le, or with one if it had none."""
    has_le = len(command) == 5 or (len(command) > 5 and len(command) == 6 + command[4])
    return (command[:-1] if has_le else command) + bytes((le,))


def succeeded(response: bytes) -> bool:
    """Whether a response's status word is 9000 or 61xx (ISO/IEC 7816-4, 5.6)."""
    return response[-2:] == b"\x90\x00" or response[-2:-1] == b"\x61"


def pack_apdus(apdus: Sequence[bytes]) -> bytes:
    """A list of APDUs as one body: each behind its length in two octets, big-endian."""
    return b"".join(struct.pack(">H", len(apdu)) + apdu for apdu in apdus)


def unpack_apdus(body: bytes) -> list[bytes]:
    """The inverse of pack_apdus; BAD_SCRIPT if the lengths don't add up."""
    apdus, at = [], 0
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        if end > len(body) or at + 2 > len(body):
            raise DeviceError("BAD_SCRIPT", "each command needs a two-octet length before it")
        apdus.append(body[at + 2 : end])
        at = end
    return apdus
