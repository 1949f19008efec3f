"""EMV 4.4 Book 3 clause 5.4: data object lists, by which a card asks for a terminal's data.

A list is tags with lengths. In profiles an entry is a tag, ``9F37``, with the length that the
dictionary has for it; where the dictionary leaves it open, or another is wanted, ``9F1D:8``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cardwright.emv.dictionary import element, find
from cardwright.emv.errors import EmvError

__all__ = ["Dol", "DolEntry"]

_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class DolEntry:
    """A data object that is asked for, and how many octets of it."""

    tag: int
    length: int

    def __str__(self) -> str:
        known = find(self.tag)
        fixed = known is not None and known.minimum == known.maximum == self.length
        return f"{self.tag:X}" if fixed else f"{self.tag:X}:{self.length}"


@dataclass(frozen=True, slots=True)
class Dol:
    """A data object list: CDOL1 (8C), CDOL2 (8D), DDOL (9F49), PDOL (9F38)."""

    entries: tuple[DolEntry, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Dol:
        """Read entries as profiles write them.

        Raises:
            EmvError: DOL_ENTRY or TAG_UNKNOWN.
        """
        return cls(tuple(_entry(text) for text in texts))

    @classmethod
    def parse(cls, octets: bytes) -> Dol:
        """Read a list as a card holds it.

        Raises:
            EmvError: DOL_ENTRY when the octets end inside an entry.
        """
        entries, at = [], 0
        while at < len(octets):
            end = at + (1 if octets[at] & 0x1F != 0x1F else 2)  # EMV's tags have two at most
            if end >= len(octets):
                raise EmvError("DOL_ENTRY", "The data object list ends inside an entry")
            entries.append(DolEntry(int.from_bytes(octets[at:end], "big"), octets[end]))
            at = end + 1
        return cls(tuple(entries))

    @property
    def tags(self) -> tuple[int, ...]:
        """The tags asked for, in order."""
        return tuple(entry.tag for entry in self.entries)

    @property
    def data_length(self) -> int:
        """Octets of the data that answer the list."""
        return sum(entry.length for entry in self.entries)

    def encode(self) -> bytes:
        """Return the value of the card's data object."""
        return b"".join(
            entry.tag.to_bytes(2 if entry.tag > 0xFF else 1, "big") + bytes((entry.length,))
            for entry in self.entries
        )

    def __str__(self) -> str:
        return " ".join(map(str, self.entries))


def _entry(text: str) -> DolEntry:
    digits, colon, octets = text.partition(":")
    try:
        known = element(int(digits, 16))
        length = int(octets) if colon else known.minimum
    except ValueError as error:
        if isinstance(error, EmvError):
            raise
        raise EmvError("DOL_ENTRY", f"{text!r} is no entry such as 9F37 or 9F1D:8") from None
    if not colon and known.minimum != known.maximum:
        raise EmvError("DOL_ENTRY", f"{text} has no fixed length; write {text}:{known.maximum}")
    if not 1 <= length <= _LENGTH_MAX:
        raise EmvError("DOL_ENTRY", f"{text} must ask for 1 to {_LENGTH_MAX} octets")
    return DolEntry(known.tag, length)
