"""STORE DATA (GlobalPlatform 2.3, 11.11; EMV CPS): data groupings into command blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from cardwright.globalplatform.errors import DataGroupingError

__all__ = ["DataGrouping", "P1Coding", "encode_dgi", "store_data"]

_LAST, _ENCRYPTED, _DGI_FORMAT = 0x80, 0x60, 0x08
_MAX_BLOCKS = 256  # P2 counts them in one octet


class P1Coding(Enum):
    """How a card profile wants P1 coded; the block's kind picks the bits, this the dialect.

    GLOBALPLATFORM says "DGI format" (08) in every block: 08, 68, last 88 or E8.
    EMV_CPS leaves bits 5 to 1 zero in all but a plain last block, as many payment applets
    expect: 00, 60, last 88 or E0.
    """

    GLOBALPLATFORM = "globalplatform"
    EMV_CPS = "emv-cps"

    def p1(self, *, encrypted: bool, last: bool) -> int:
        """P1 of a block (GP 2.3, 11.11.2.1)."""
        plain_last = last and not encrypted
        dgi = _DGI_FORMAT if self is P1Coding.GLOBALPLATFORM or plain_last else 0
        return (_LAST if last else 0) | (_ENCRYPTED if encrypted else 0) | dgi


@dataclass(frozen=True, slots=True)
class DataGrouping:
    """An encoded DGI (id, length, value) and whether its value is encrypted under the DEK."""

    encoded: bytes
    encrypted: bool = False

    def __repr__(self) -> str:
        # The value may be a key or a PAN: say which grouping it is, never what it holds.
        return f"DataGrouping({self.encoded[:2].hex().upper()}, {len(self.encoded)} octets)"


def encode_dgi(dgi: int, value: bytes) -> bytes:
    """Encode id (2 octets), length (1 octet, or FF and 2) and value (GP 2.3, 11.1)."""
    if not 0 <= dgi <= 0xFFFF or len(value) > 0xFFFF:
        raise DataGroupingError("A data grouping has a 2-octet id and at most 65535 octets.")
    length = bytes((len(value),)) if len(value) < 0xFF else b"\xff" + len(value).to_bytes(2, "big")
    return dgi.to_bytes(2, "big") + length + value


def store_data(
    groupings: Iterable[DataGrouping],
    *,
    max_data: int,
    coding: P1Coding = P1Coding.GLOBALPLATFORM,
) -> list[bytes]:
    """Pack data groupings, in their order, into as few STORE DATA commands as that order allows.

    Encrypted and plain groupings never share a block; a grouping longer than ``max_data`` is
    chained over blocks of its own kind; short neighbours of one kind share a block whole.
    ``max_data`` is what the channel carries: ``scp03.MAX_PLAIN_DATA[level]`` octets.
    Raises ``DataGroupingError`` when nothing is to be stored or 256 blocks don't suffice.
    """
    if not 1 <= max_data <= 255:
        raise DataGroupingError(f"A short command carries 1 to 255 octets, not {max_data}.")
    blocks = [
        (block, encrypted)
        for encrypted, run in groupby(groupings, key=lambda grouping: grouping.encrypted)
        for block in _blocks((grouping.encoded for grouping in run), max_data)
    ]
    if not 1 <= len(blocks) <= _MAX_BLOCKS:
        raise DataGroupingError(
            f"The groupings fill {len(blocks)} blocks; STORE DATA numbers 1 to {_MAX_BLOCKS}."
        )
    last = len(blocks) - 1
    return [
        bytes((0x80, 0xE2, coding.p1(encrypted=encrypted, last=n == last), n, len(block))) + block
        for n, (block, encrypted) in enumerate(blocks)
    ]


def _blocks(encoded: Iterable[bytes], max_data: int) -> Iterator[bytes]:
    """Fill blocks with whole groupings; only one that fits no block is cut."""
    block = b""
    for grouping in encoded:
        if block and len(block) + len(grouping) > max_data:
            yield block
            block = b""
        block += grouping
        while len(block) > max_data:
            yield block[:max_data]
            block = block[max_data:]
    if block:
        yield block
