"""EMV Card Personalization Specification 1.1, 2.2: data groupings as STORE DATA carries them.

A grouping is its two-octet identifier, a length of one octet (up to 254) or of FF and two octets,
and its value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cardwright.emv.errors import EmvError

__all__ = ["Dgi", "encode_all", "parse_all"]


@dataclass(frozen=True, slots=True)
class Dgi:
    """One data grouping; its value does not print, as it is cardholder data or a key.

    Attributes:
        id: the data grouping identifier, 0x0001 to 0xFFFF.
        value: at most 65,535 octets.

    Raises:
        EmvError: DGI_ID or DGI_LENGTH.
    """

    id: int
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.id <= 0xFFFF:
            raise EmvError("DGI_ID", "A data grouping identifier is two octets, not both zero")
        if len(self.value) > 0xFFFF:
            raise EmvError("DGI_LENGTH", "A data grouping holds at most 65,535 octets; split it")

    def __repr__(self) -> str:
        return f"Dgi({self.id:04X}, <{len(self.value)} octets>)"

    def encode(self) -> bytes:
        """Return identifier, length and value."""
        length = len(self.value)
        head = self.id << 8 | length if length < 0xFF else self.id << 24 | 0xFF0000 | length
        return head.to_bytes(3 if length < 0xFF else 5, "big") + self.value


def encode_all(dgis: Iterable[Dgi]) -> bytes:
    """Return the groupings one after the other, as one STORE DATA sequence carries them."""
    return b"".join(dgi.encode() for dgi in dgis)


def parse_all(data: bytes) -> list[Dgi]:
    """Read what ``encode_all`` writes; a long length form is taken for a short value too.

    Raises:
        EmvError: DGI_TRUNCATED when the octets end inside a grouping, DGI_ID for a zero one.
    """
    dgis: list[Dgi] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 3
        if start <= end and data[at + 2] == 0xFF:
            start = at + 5
        if start > end:
            raise _truncated()
        length = data[at + 2] if start == at + 3 else int.from_bytes(data[at + 3 : start], "big")
        if start + length > end:
            raise _truncated()
        dgis.append(Dgi(data[at] << 8 | data[at + 1], data[start : start + length]))
        at = start + length
    return dgis


def _truncated() -> EmvError:
    return EmvError("DGI_TRUNCATED", "The octets end inside a data grouping; read them in full")
