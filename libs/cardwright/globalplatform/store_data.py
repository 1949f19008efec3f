"""STORE DATA (GlobalPlatform 2.3.1, 11.11; EMV CPS 1.1, 3.2.7): data groupings into commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from cardwright.globalplatform.errors import DataGroupingError
from cardwright.iso.apdu import CommandApdu

__all__ = ["DataGrouping", "P1Coding", "Packing", "encode_dgi", "store_data"]

_LAST, _ENCRYPTED, _DGI_FORMAT = 0x80, 0x60, 0x08
_MAX_BLOCKS = 256  # P2 counts them in one octet
_MAX_DATA = 0xFFFF


class P1Coding(Enum):
    """How a card profile wants P1 coded; the block's kind picks the bits, this the dialect.

    GLOBALPLATFORM says "DGI format" (08) in every block: 08, 68, last 88 or E8.
    EMV_CPS leaves bits 5 to 1 zero, as EMV CPS 1.1 reserves them: 00, 60, last 80 or E0.
    EMV_CPS_LAST_DGI is the same, but for "DGI format" in a plain last block: 00, 60, last 88 or E0.
    """

    GLOBALPLATFORM = "globalplatform"
    EMV_CPS = "emv-cps"
    EMV_CPS_LAST_DGI = "emv-cps-last-dgi"

    def p1(self, *, encrypted: bool, last: bool) -> int:
        """P1 of a block (GP 2.3.1, 11.11.2.1)."""
        flagged = self is P1Coding.GLOBALPLATFORM or (
            self is P1Coding.EMV_CPS_LAST_DGI and last and not encrypted
        )
        dgi = _DGI_FORMAT if flagged else 0
        return (_LAST if last else 0) | (_ENCRYPTED if encrypted else 0) | dgi


class Packing(Enum):
    """Which data groupings may share a command.

    SHARED: neighbours of one kind, encrypted or not, as many as fit whole.
    SEPARATE: none, for applications that read one grouping a command.
    """

    SHARED = "shared"
    SEPARATE = "separate"


@dataclass(frozen=True, slots=True)
class DataGrouping:
    """An encoded DGI (id, length, value) and whether its value is encrypted under the DEK."""

    encoded: bytes
    encrypted: bool = False

    def __repr__(self) -> str:
        # The value may be a key or a PAN: say which grouping it is, never what it holds.
        return f"DataGrouping({self.encoded[:2].hex().upper()}, {len(self.encoded)} octets)"


def encode_dgi(dgi: int, value: bytes) -> bytes:
    """Encode id (2 octets), length (1 octet, or FF and 2) and value (GP 2.3.1, 11.1.12)."""
    if not 0 <= dgi <= 0xFFFF or len(value) > 0xFFFF:
        raise DataGroupingError("A data grouping has a 2-octet id and at most 65535 octets.")
    length = bytes((len(value),)) if len(value) < 0xFF else b"\xff" + len(value).to_bytes(2, "big")
    return dgi.to_bytes(2, "big") + length + value


def store_data(
    groupings: Iterable[DataGrouping],
    *,
    max_data: int,
    coding: P1Coding = P1Coding.GLOBALPLATFORM,
    packing: Packing = Packing.SHARED,
) -> list[bytes]:
    """Pack data groupings, in their order, into as few STORE DATA commands as that order allows.

    Encrypted and plain groupings never share a block; a grouping longer than ``max_data`` is
    chained over blocks of its own kind, cut anywhere (11.11.2.3); short neighbours of one kind
    share a block whole, if the packing lets them. More than 255 octets make a command extended.

    Args:
        groupings: what to store.
        max_data: what the channel carries: ``SecureChannel.max_plain_data`` octets.
        coding: the card's dialect of P1.
        packing: which groupings may share a command.

    Raises:
        DataGroupingError: nothing is to be stored, or 256 blocks don't suffice.
    """
    if not 1 <= max_data <= _MAX_DATA:
        raise DataGroupingError(f"A command carries 1 to {_MAX_DATA} octets, not {max_data}.")
    blocks = [
        (block, encrypted)
        for encrypted, run in _runs(groupings, packing)
        for block in _blocks((grouping.encoded for grouping in run), max_data)
    ]
    if not 1 <= len(blocks) <= _MAX_BLOCKS:
        raise DataGroupingError(
            f"The groupings fill {len(blocks)} blocks; STORE DATA numbers 1 to {_MAX_BLOCKS}."
        )
    last = len(blocks) - 1
    return [
        CommandApdu(0x80, 0xE2, coding.p1(encrypted=encrypted, last=n == last), n, block).encode()
        for n, (block, encrypted) in enumerate(blocks)
    ]


def _runs(
    groupings: Iterable[DataGrouping], packing: Packing
) -> Iterator[tuple[bool, Iterable[DataGrouping]]]:
    """Split groupings into runs that may share blocks, each with whether it is encrypted."""
    if packing is Packing.SEPARATE:
        return ((grouping.encrypted, (grouping,)) for grouping in groupings)
    return groupby(groupings, key=lambda grouping: grouping.encrypted)


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
