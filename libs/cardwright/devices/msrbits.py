"""Data blocks and the bits of characters, by this side's own reading of manual and ISO/IEC 7811."""

from __future__ import annotations

from typing import Final

from cardwright.devices.stripe import Track

__all__ = [
    "bits_of",
    "from_first_one",
    "iso_bits",
    "iso_text",
    "iso_tracks",
    "packed",
    "raw_tracks",
]

_ESC: Final = b"\x1b"
_END: Final = b"?\x1c"


def raw_tracks(block: bytes) -> dict[int, bytes] | None:
    """Each track's octets; None for a malformed block."""
    if not (block.startswith(_ESC + b"s") and block.endswith(_END)):
        return None
    tracks, at = {}, 2
    while at < len(block) - 2:
        if block[at : at + 1] != _ESC or block[at + 1] not in (1, 2, 3):
            return None
        size = block[at + 2]
        tracks[block[at + 1]] = block[at + 3 : at + 3 + size]
        at += 3 + size
    return tracks


def iso_tracks(block: bytes) -> dict[int, bytes] | None:
    """Each track's characters; None for a malformed block."""
    if not (block.startswith(_ESC + b"s" + _ESC) and block.endswith(_END)):
        return None
    parts = block[3:-2].split(_ESC)
    if any(part[:1] not in (b"\x01", b"\x02", b"\x03") for part in parts):
        return None
    return {part[0]: part[1:] for part in parts}


def iso_bits(number: int, text: bytes) -> str:
    """Sentinels, characters with odd parity, and the redundancy check; ValueError: no such one."""
    size, base, start = (6, 0x20, b"%") if number == 1 else (4, 0x30, b";")
    codes = [octet - base for octet in start + text.removeprefix(start).removesuffix(b"?") + b"?"]
    if any(not 0 <= code < 1 << size for code in codes):
        raise ValueError("no character of this track")
    check = 0
    for code in codes:
        check ^= code
    return "".join(_character(code, size) for code in [*codes, check])


def _character(code: int, size: int) -> str:
    ones = f"{code:0{size}b}"[::-1]
    return ones + ("0" if ones.count("1") % 2 else "1")


def iso_text(number: int, bits: str) -> bytes | None:
    """The text of a track, b"" for an empty one, None for one that can't be read."""
    size, base = (7, 0x20) if number == 1 else (5, 0x30)
    if "1" not in bits:
        return b""
    data = bits[bits.index("1") :]
    characters = [data[at : at + size] for at in range(0, len(data) - size + 1, size)]
    codes: list[int] = []
    check = 0
    for character in characters:
        if character.count("1") % 2 == 0:
            return None
        code = int(character[: size - 1][::-1], 2)
        check ^= code
        if codes and codes[-1] == 0x3F - base:  # this one was the redundancy check
            return bytes(code + base for code in codes) if check == 0 else None
        codes.append(code)
    return None


def bits_of(track: Track | None) -> str:
    """The bits of a track as text."""
    if track is None:
        return ""
    return "".join(f"{octet:08b}" for octet in track.bits)[: track.length]


def from_first_one(track: Track | None) -> bytes:
    """The octets from the first one to the last one, the first in the highest bit."""
    bits = bits_of(track).strip("0")
    return packed(bits).bits


def packed(text: str) -> Track:
    """Bits as text, as a track."""
    padded = text.ljust(-(-len(text) // 8) * 8, "0")
    octets = bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))
    return Track(octets, len(text))
