"""Bits to facility code and card number, by what the formats' data sheets say of each bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cardwright.door.errors import DoorError

__all__ = ["FORMATS", "Number", "read_number"]

FORMATS: Final[Mapping[str, tuple[str, str, str]]] = {
    "H10301": (
        "PFFFFFFFFNNNNNNNNNNNNNNNNP",
        "XXXXXXXXXXXXX.............",
        ".............XXXXXXXXXXXXX",
    ),
    "H10302": (
        "PNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNP",
        "XXXXXXXXXXXXXXXXXXX..................",
        "..................XXXXXXXXXXXXXXXXXXX",
    ),
    "H10304": (
        "PFFFFFFFFFFFFFFFFNNNNNNNNNNNNNNNNNNNP",
        "XXXXXXXXXXXXXXXXXXX..................",
        "..................XXXXXXXXXXXXXXXXXXX",
    ),
}
"""By name: which bit is parity, facility or number; what is even together; what is odd."""


@dataclass(frozen=True, slots=True)
class Number:
    """What a door controller is told; it does not print."""

    facility: int = field(repr=False)
    card: int = field(repr=False)


def read_number(kind: str, value: bytes) -> Number:
    """Read a badge's bit string (X.690, 8.6.2) in the site's format.

    Raises:
        DoorError: NUMBER_FORMAT or NUMBER_PARITY.
    """
    letters, even, odd = FORMATS[kind]
    unused = value[0] if value else 0
    if unused > 7 or 8 * (len(value) - 1) - unused != len(letters):
        raise DoorError("NUMBER_FORMAT", f"The badge's number is none of format {kind}")
    whole = int.from_bytes(value[1:], "big")
    bits = [whole >> at & 1 for at in range(8 * (len(value) - 1) - 1, unused - 1, -1)]
    if _ones(bits, even) % 2 or not _ones(bits, odd) % 2:
        raise DoorError("NUMBER_PARITY", "A parity of the badge's number is wrong")
    return Number(_field(bits, letters, "F"), _field(bits, letters, "N"))


def _ones(bits: list[int], mask: str) -> int:
    return sum(bit for bit, mark in zip(bits, mask, strict=True) if mark == "X")


def _field(bits: list[int], letters: str, letter: str) -> int:
    value = 0
    for bit, name in zip(bits, letters, strict=True):
        value = value << 1 | bit if name == letter else value
    return value
