"""The magnetic stripe as bits: what the head wrote, and what a reader finds."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardwright.devices.errors import DeviceError

__all__ = [
    "CAPACITY",
    "Track",
    "drop_a_bit",
    "pack_tracks",
    "parse_tracks",
    "read_stripe",
    "to_file",
]

# ISO/IEC 7811-6 and 7811-2: 210, 75 and 210 bits per inch along the 85.6 mm of an ID-1 card.
CAPACITY = {1: 708, 2: 253, 3: 708}


@dataclass(frozen=True, slots=True)
class Track:
    """The bits of one track, most significant first, zero-padded to whole octets.

    Attributes:
        bits: the packed bits; cardholder data, so they are not part of the repr.
        length: how many of the bits count.
    """

    bits: bytes
    length: int

    def __repr__(self) -> str:
        return f"Track(<{self.length} bits>)"


def parse_tracks(fields: Any) -> dict[int, Track]:
    """Read ``{"2": {"bits": HEX, "length": N}, ...}``; BAD_TRACK or TRACK_TOO_LONG."""
    if not isinstance(fields, dict) or not fields:
        raise DeviceError("BAD_TRACK", "tracks must be an object with keys 1, 2 or 3")
    return {_number(name): _track(_number(name), field) for name, field in fields.items()}


def pack_tracks(tracks: Mapping[int, Track]) -> dict[str, dict[str, str | int]]:
    """The inverse of parse_tracks, as it stands on the wire and on the floor."""
    return {
        str(number): {"bits": track.bits.hex(), "length": track.length}
        for number, track in sorted(tracks.items())
    }


def drop_a_bit(track: Track, luck: random.Random) -> Track:
    """The track as a weak head leaves it: one of its 1 bits has no flux reversal."""
    value = bytearray(track.bits)
    ones = [n for n in range(track.length) if value[n // 8] & (0x80 >> n % 8)]
    if ones:
        lost = luck.choice(ones)
        value[lost // 8] ^= 0x80 >> lost % 8
    return Track(bytes(value), track.length)


def _number(name: str) -> int:
    if name not in {"1", "2", "3"}:
        raise DeviceError("BAD_TRACK", "a stripe has tracks 1, 2 and 3")
    return int(name)


def _track(number: int, field: Any) -> Track:
    try:
        bits, length = bytes.fromhex(field["bits"]), field["length"]
    except (TypeError, KeyError, ValueError):
        # The cause is dropped on purpose: it could quote cardholder data.
        raise DeviceError("BAD_TRACK", 'a track is {"bits": HEX, "length": N}') from None
    if type(length) is not int or length < 0 or (length + 7) // 8 != len(bits):
        raise DeviceError("BAD_TRACK", "a track's length must fit its octets")
    if length > CAPACITY[number]:
        raise DeviceError("TRACK_TOO_LONG", f"track {number} holds {CAPACITY[number]} bits")
    return Track(bits, length)


def to_file(coercivity: str, tracks: Mapping[int, Track]) -> bytes:
    """The stripe as the floor keeps it."""
    return json.dumps({"coercivity": coercivity, "tracks": pack_tracks(tracks)}).encode()


def read_stripe(file: bytes | None) -> dict[int, Track]:
    """What a read head finds on the floor's stripe; no tracks on a virgin one."""
    return {} if file is None else parse_tracks(json.loads(file)["tracks"])
