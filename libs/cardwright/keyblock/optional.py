"""Optional blocks of a header: identifier, length, printable data (X9.143-2021, 6.2 and 6.3.6).

The length counts the whole block in two hexadecimal digits; longer ones have ``00``, the count of
the length's digits, and these digits. X9.143 counts four digits (``04``), as its examples 8.5 and
8.6 show; readers of TR-31:2018 wrote two octets (``02``). Both mean the same four digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cardwright.keyblock.errors import KeyBlockError

__all__ = ["OptionalBlock", "encode_all", "parse_all"]

PADDING: Final = "PB"

_ID = re.compile(r"[0-9A-Za-z]{2}")
_PRINTABLE = re.compile(r"[ -~]*")
_HEX = re.compile(r"[0-9A-F]+")
_SHORT, _LONG = 4, 10  # characters before the data
_FOUR_DIGITS: Final = {"04", "02"}
_MOST = 99


@dataclass(frozen=True, slots=True)
class OptionalBlock:
    """One optional block; ``contents`` reads and writes the data of those that X9.143 defines.

    Attributes:
        id: two letters, or two digits for proprietary ones.
        data: printable ASCII. A ``KC`` or ``KP`` without data gets its check value from ``wrap``.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL.
    """

    id: str
    data: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "An optional block's id is two characters")
        if not _PRINTABLE.fullmatch(self.data):
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "Optional blocks hold printable ASCII only")

    def encode(self) -> str:
        """Return identifier, length and data.

        Raises:
            KeyBlockError: KEYBLOCK_OPTIONAL for data that no length can count.
        """
        length = _SHORT + len(self.data)
        if length <= 0xFF:
            return f"{self.id}{length:02X}{self.data}"
        length = _LONG + len(self.data)
        if length > 0xFFFF:
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "An optional block has 65,535 characters")
        return f"{self.id}0004{length:04X}{self.data}"


def encode_all(blocks: Iterable[OptionalBlock], multiple: int) -> tuple[int, str]:
    """Return how many blocks there are and their text, padded to whole cipher blocks.

    Args:
        blocks: in the order to write, without padding block.
        multiple: octets of a cipher block.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL for an identifier that comes twice, a padding block or more
            than 99 blocks.
    """
    listed = list(blocks)
    if PADDING in (block.id for block in listed):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "The padding block is added by itself; leave it")
    text = "".join(block.encode() for block in listed)
    if len(text) % multiple:
        padding = OptionalBlock(PADDING, "0" * (-(len(text) + _SHORT) % multiple))
        listed.append(padding)
        text += padding.encode()
    _check_identifiers(listed)
    return len(listed), text


def parse_all(text: str, count: int, multiple: int) -> tuple[tuple[OptionalBlock, ...], int]:
    """Return the blocks without padding block, and how many characters all of them take.

    Args:
        text: what follows the header's fixed part.
        count: how many blocks the fixed part announces.
        multiple: octets of a cipher block.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL.
    """
    blocks: list[OptionalBlock] = []
    at = 0
    for _ in range(count):
        start, end = _bounds(text, at)
        blocks.append(OptionalBlock(text[at : at + 2], text[start:end]))
        at = end
    _check_identifiers(blocks)
    if at % multiple:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "Optional blocks fill whole cipher blocks")
    if blocks and blocks[-1].id == PADDING:
        del blocks[-1]
    if PADDING in (block.id for block in blocks):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "The padding block is the last one")
    return tuple(blocks), at


def _bounds(text: str, at: int) -> tuple[int, int]:
    """Return where the data of the block at ``at`` begin and end."""
    start, length = at + _SHORT, _hex(text[at + 2 : at + 4], 2)
    if not length:
        if text[at + 4 : at + 6] not in _FOUR_DIGITS:
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "An extended length has four digits")
        start, length = at + _LONG, _hex(text[at + 6 : at + _LONG], 4)
    if not start <= at + length <= len(text):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "An optional block's length leads outside of it")
    return start, at + length


def _hex(text: str, digits: int) -> int:
    if len(text) != digits or not _HEX.fullmatch(text):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A length is upper-case hexadecimal digits")
    return int(text, 16)


def _check_identifiers(blocks: list[OptionalBlock]) -> None:
    if len(blocks) > _MOST:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A header has at most 99 optional blocks")
    if len({block.id for block in blocks}) < len(blocks):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "An optional block's id comes once in a header")
