"""The octets of the command set: raw data blocks, and the order of bits in them. Pure.

A block is ``ESC s``, for each track ``ESC`` its number, a length and the data, then ``? FS``. With
eight bits a character an octet is eight bits of the stripe: written, the first one recorded is the
least significant; read, it is the most significant (manual, section 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cardwright.iso.stripe import BitStream
from cardwright.msr.errors import MsrError

__all__ = ["ESC", "ending_length", "leading_zeros", "raw_block", "read_bits"]

ESC: Final = 0x1B
_START: Final = bytes((ESC, 0x73))
_END: Final = b"?\x1c"
_LONGEST: Final = 255
_MIRRORED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def raw_block(tracks: Mapping[int, BitStream]) -> bytes:
    """Return the block that writes these bits; zeros before the first one are the encoder's to add.

    Raises:
        MsrError: MSR_DATA, a track takes more than 255 octets.
    """
    parts = [
        bytes((ESC, number)) + _counted(_trimmed(tracks[number]) if number in tracks else b"")
        for number in (1, 2, 3)
    ]
    return _START + b"".join(parts) + _END


def _counted(data: bytes) -> bytes:
    if len(data) > _LONGEST:
        raise MsrError("MSR_DATA", "a track takes 255 octets at most")
    return bytes((len(data),)) + data.translate(_MIRRORED)


def _trimmed(stream: BitStream) -> bytes:
    """The bits from the first one on, in octets, most significant first; no zeros behind."""
    bits = _text(stream).strip("0")
    padded = bits + "0" * (-len(bits) % 8)
    return int(padded or "0", 2).to_bytes(len(padded) // 8, "big")


def leading_zeros(stream: BitStream) -> int:
    """Return how many zeros come before the first one."""
    text = _text(stream)
    return len(text) - len(text.lstrip("0"))


def _text(stream: BitStream) -> str:
    whole = f"{int.from_bytes(stream.bits, 'big'):0{len(stream.bits) * 8}b}"
    return whole[: stream.length]


def ending_length(received: bytes) -> int | None:
    """Return where a raw data block with its status ends; None while it is not whole.

    Raises:
        MsrError: MSR_OUT_OF_STEP, this is no such block.
    """
    at = _expect(received, 0, _START)
    while at is not None and received[at : at + 2] != _END:
        if len(received) < at + 3:
            return None
        if received[at] != ESC or received[at + 1] not in (1, 2, 3):
            raise MsrError("MSR_OUT_OF_STEP", "octets that are no track: reset the encoder")
        at += 3 + received[at + 2]
    if at is None or len(received) < at + 4:
        return None
    if received[at + 2] != ESC:
        raise MsrError("MSR_OUT_OF_STEP", "a block without a status: reset the encoder")
    return at + 4


def _expect(received: bytes, at: int, wanted: bytes) -> int | None:
    """Return where ``wanted`` ends, None if it is not all there yet."""
    found = received[at : at + len(wanted)]
    if found != wanted[: len(found)]:
        raise MsrError("MSR_OUT_OF_STEP", "octets that are no answer: reset the encoder")
    return at + len(wanted) if len(found) == len(wanted) else None


def read_bits(block: bytes) -> dict[int, BitStream]:
    """Return the tracks of a whole block that hold anything."""
    tracks, at = {}, len(_START)
    while block[at] == ESC:
        number, length = block[at + 1], block[at + 2]
        data = block[at + 3 : at + 3 + length]
        if any(data):
            tracks[number] = BitStream(data, 8 * length)
        at += 3 + length
    return tracks
