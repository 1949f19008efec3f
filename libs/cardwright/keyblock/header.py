"""The header: sixteen characters, then optional blocks (X9.143-2021, 6.2, table 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from cardwright.keyblock import optional
from cardwright.keyblock.combinations import check_combination
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import (
    Algorithm,
    Context,
    Exportability,
    KeyVersion,
    Mode,
    Usage,
    Version,
    read_field,
)
from cardwright.keyblock.optional import OptionalBlock

__all__ = ["Header", "Parts", "encode_header", "parse_fixed", "parse_header", "split"]

LONGEST: Final = 9999  # characters, since the length has four digits

_FIXED = 16
_PRINTABLE = re.compile(r"[ -~]*")
_DECIMAL = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the header says of the key.

    Attributes:
        version: how the block is protected.
        usage: what the key is for.
        algorithm: what it is a key of.
        mode: which operations it may do.
        exportability: whether the receiver may pass it on.
        key_version: which of the key's versions it is, or that it is a component.
        context: whether the block is for storing or for exchange.
        blocks: the optional blocks in their order, without padding block.
    """

    version: Version
    usage: Usage
    algorithm: Algorithm
    mode: Mode
    exportability: Exportability
    key_version: KeyVersion = field(default_factory=KeyVersion)
    context: Context = Context.ANY
    blocks: tuple[OptionalBlock, ...] = ()

    def block(self, identifier: str) -> OptionalBlock | None:
        """Return the optional block of an identifier, None when the header has none."""
        return next((block for block in self.blocks if block.id == identifier), None)


@dataclass(frozen=True, slots=True)
class Parts:
    """A key block taken apart: the header, its text, and the hexadecimal rest."""

    header: Header
    text: str
    rest: str


def encode_header(header: Header, rest: int) -> str:
    """Return the header's text.

    Args:
        header: what to say.
        rest: characters that follow it: payload and MAC.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL, or KEYBLOCK_LENGTH when the block is too long for its
            length field.
    """
    count, blocks = optional.encode_all(header.blocks, header.version.block)
    length = _FIXED + len(blocks) + rest
    if length > LONGEST:
        raise KeyBlockError("KEYBLOCK_LENGTH", f"A key block has at most {LONGEST} characters")
    return (
        f"{header.version.value}{length:04}{header.usage.value}{header.algorithm.value}"
        f"{header.mode.value}{header.key_version.text}{header.exportability.value}"
        f"{count:02}{header.context.value}0{blocks}"
    )


def parse_header(block: str) -> Header:
    """Return what a key block says of its key. Nothing here is proven: ``unwrap`` does that.

    Args:
        block: the whole key block.

    Raises:
        KeyBlockError: KEYBLOCK_FORMAT, KEYBLOCK_LENGTH, KEYBLOCK_VERSION, KEYBLOCK_HEADER,
            KEYBLOCK_OPTIONAL or KEYBLOCK_COMBINATION.
    """
    return split(block).header


def split(block: str) -> Parts:
    """Take a key block apart.

    Raises:
        KeyBlockError: as ``parse_header``.
    """
    if not _PRINTABLE.fullmatch(block):
        raise KeyBlockError("KEYBLOCK_FORMAT", "A key block is printable ASCII; decode it first")
    if not _FIXED <= len(block) <= LONGEST:
        raise KeyBlockError("KEYBLOCK_LENGTH", f"A key block has {_FIXED} to {LONGEST} characters")
    version = _version(block[0])
    if _number(block[1:5], "KEYBLOCK_LENGTH") != len(block):
        raise KeyBlockError("KEYBLOCK_LENGTH", "The key block is not as long as its header says")
    count = _number(block[12:14], "KEYBLOCK_HEADER")
    blocks, length = optional.parse_all(block[_FIXED:], count, version.block)
    header = _header(block[:_FIXED], blocks)
    return Parts(header, block[: _FIXED + length], block[_FIXED + length :])


def parse_fixed(text: str) -> Header:
    """Read a header that is no more than its sixteen characters; its length is not looked at.

    Raises:
        KeyBlockError: KEYBLOCK_LENGTH, KEYBLOCK_VERSION, KEYBLOCK_HEADER or KEYBLOCK_COMBINATION.
    """
    if len(text) != _FIXED:
        raise KeyBlockError("KEYBLOCK_LENGTH", f"A header without blocks has {_FIXED} characters")
    if text[12:14] != "00":
        raise KeyBlockError("KEYBLOCK_HEADER", "This header announces blocks that aren't there")
    return _header(text, ())


def _header(fixed: str, blocks: tuple[OptionalBlock, ...]) -> Header:
    if fixed[15] != "0":
        raise KeyBlockError("KEYBLOCK_HEADER", "The header's reserved character is 0")
    header = Header(
        version=_version(fixed[0]),
        usage=read_field(Usage, fixed[5:7]),
        algorithm=read_field(Algorithm, fixed[7]),
        mode=read_field(Mode, fixed[8]),
        key_version=KeyVersion(fixed[9:11]),
        exportability=read_field(Exportability, fixed[11]),
        context=read_field(Context, fixed[14]),
        blocks=blocks,
    )
    check_combination(header.usage, header.algorithm, header.mode, reading=True)
    return header


def _version(text: str) -> Version:
    try:
        return Version(text)
    except ValueError:
        raise KeyBlockError(
            "KEYBLOCK_VERSION", "Key blocks are of version A, B, C or D; this is another"
        ) from None


def _number(text: str, code: str) -> int:
    if not _DECIMAL.fullmatch(text):
        raise KeyBlockError(code, "Lengths and counts in a header are decimal digits")
    return int(text)
