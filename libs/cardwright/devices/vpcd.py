"""A chip as a card in a virtual PC/SC reader: vsmartcard's vpcd protocol, the card's side.

Every message is behind its length in two octets, big-endian. One octet is a control code from the
reader: 0 power off, 1 power on, 2 reset, 4 send the answer to reset. Anything else is a command
APDU, and only commands and code 4 are answered.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Final, Protocol

from cardwright.devices.errors import DeviceError

__all__ = ["PORT", "PowerableChip", "dial", "pcsc_atr", "serve"]

PORT: Final = 35963
"""Where a vpcd listens unless it is told otherwise."""

_ON, _RESET, _SEND_ATR = 1, 2, 4
_LENGTH: Final = 2


class PowerableChip(Protocol):
    """What the face needs of a chip: cardwright.chip's Chip is one."""

    def power_on(self, contactless: bool = False) -> bytes:
        """Reset the chip; its ATR, or its ATS for the contactless interface."""

    def process(self, command: bytes, /) -> bytes:
        """Carry out a command APDU; the response APDU ends with its status word."""


def dial(host: str, port: int = PORT, *, timeout: float = 10.0) -> socket.socket:
    """Connect to a vpcd: the card goes into its reader.

    Raises:
        DeviceError: VPCD_UNREACHABLE.
    """
    try:
        connection = socket.create_connection((host, port), timeout)
    except OSError as error:
        raise DeviceError(
            "VPCD_UNREACHABLE", f"no vpcd at {host}:{port} ({error.strerror}): is pcscd running?"
        ) from error
    connection.settimeout(None)
    return connection


def serve(
    chip: PowerableChip,
    connection: socket.socket,
    *,
    contactless: bool = False,
    after: Callable[[], None] | None = None,
) -> None:
    """Be the chip until the reader hangs up, or ``connection`` is shut down in another thread.

    Args:
        chip: the chip; nobody else may use it meanwhile.
        connection: a stream to the reader, dialled or accepted; the caller closes it.
        contactless: the reader is a contactless one.
        after: called between each command and its answer, to keep the chip's memory: what the
            reader has been told must outlive a power loss.

    Raises:
        DeviceError: CHIP_MUTE, the chip lacks that interface.
    """
    answer = chip.power_on(contactless=contactless)
    if not answer:
        raise DeviceError("CHIP_MUTE", "the chip lacks this interface: try the other one")
    atr = pcsc_atr(answer) if contactless else answer
    while (message := _receive(connection)) is not None:
        if len(message) != 1:
            response = chip.process(message)
            if after is not None:
                after()
            _send(connection, response)
        elif message[0] == _SEND_ATR:
            _send(connection, atr)
        elif message[0] in (_ON, _RESET):
            chip.power_on(contactless=contactless)


def pcsc_atr(ats: bytes) -> bytes:
    """The ATR that a contactless reader makes of an ATS (PC/SC part 3, 3.1.3.2.3.1).

    ``ats`` begins with its length and has no CRC; of it only the historical octets are shown.
    """
    interface_octets = (ats[1] >> 4 & 0x07).bit_count()
    historical = ats[2 + interface_octets : ats[0]]
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    return b"\x3b" + body + bytes((reduce(xor, body),))


def _receive(connection: socket.socket) -> bytes | None:
    """One message, or None when the reader has hung up."""
    head = _read(connection, _LENGTH)
    return None if head is None else _read(connection, int.from_bytes(head, "big"))


def _read(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        _acknowledge_at_once(connection)
        try:
            chunk = connection.recv(size - len(data))
        except ConnectionError:
            return None
        if not chunk:
            return None
        data += chunk
    return data


def _acknowledge_at_once(connection: socket.socket) -> None:
    # The kernel delays acknowledgements by 40 ms, and a peer that writes length and body apart
    # waits for them (Nagle): some 20 commands a second. The option wears off, so set it each time.
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(len(message).to_bytes(_LENGTH, "big") + message)
