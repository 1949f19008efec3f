"""EMV Book 1, 12: what a card's directories and its answers to SELECT say about applications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv
from cardwright.terminal.profile import TerminalAid

__all__ = [
    "Candidate",
    "FileControl",
    "accepting",
    "candidate",
    "candidates_of_record",
    "order",
    "read_fci",
]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application that card and terminal both have.

    Attributes:
        name: the card's name of it (4F or 84), 5 to 16 octets.
        accepted: the terminal's entry that accepts it.
        label: 50, empty where a directory or an application has none.
        priority: 1 (first) to 15; 0 for none.
        confirm: whether the cardholder must confirm it (bit 8 of 87).
    """

    name: bytes
    accepted: TerminalAid
    label: str = ""
    priority: int = 0
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class FileControl:
    """An answer to SELECT.

    Attributes:
        name: the file's name (84).
        proprietary: the objects of template A5, in order.
    """

    name: bytes
    proprietary: tuple[Tlv, ...]

    def value(self, tag: int) -> bytes | None:
        """Return the first object of template A5 with that tag, or None."""
        return next((each.value for each in self.proprietary if each.tag == tag), None)


def read_fci(data: bytes) -> FileControl | None:
    """Read file control information (Book 1, 11.3.4); None for what is none."""
    try:
        name, template = tlv.find(data, 0x6F, 0x84), tlv.find(data, 0x6F, 0xA5)
        if name is None or template is None or not 1 <= len(name) <= 16:
            return None
        return FileControl(name, tuple(tlv.parse(template)))
    except TlvError:
        return None


def candidates_of_record(record: Iterable[Tlv], aids: Iterable[TerminalAid]) -> list[Candidate]:
    """Return the applications of a directory's entries (61) that the terminal accepts.

    An entry without a name is none (Book 1, table 14).

    Raises:
        TlvError: an entry can't be parsed.
    """
    found: list[Candidate] = []
    for template in record:
        if template.tag != 0x61:
            continue
        entry = {each.tag: each.value for each in template.children()}
        name = entry.get(0x4F, b"")
        accepted = accepting(aids, name) if 5 <= len(name) <= 16 else None
        if accepted is not None:
            found.append(candidate(name, accepted, entry.get(0x50), entry.get(0x87)))
    return found


def accepting(aids: Iterable[TerminalAid], name: bytes) -> TerminalAid | None:
    """Return the first entry of the terminal that accepts an application of that name."""
    return next((aid for aid in aids if aid.accepts(name)), None)


def candidate(
    name: bytes, accepted: TerminalAid, label: bytes | None, indicator: bytes | None
) -> Candidate:
    """Return a candidate from its label (50) and priority indicator (87), where it has them."""
    octet = indicator[0] if indicator else 0
    text = (label or b"").decode("ascii", errors="replace")
    return Candidate(name, accepted, text, octet & 0x0F, bool(octet & 0x80))


def order(candidates: Iterable[Candidate], *, confirms: bool) -> list[Candidate]:
    """Return candidates in the order to try them (Book 1, 12.4).

    By priority, those without one last, and equals as the card has them. Where nobody can confirm,
    those that must be confirmed are left out.
    """
    usable = (each for each in candidates if confirms or not each.confirm)
    return sorted(usable, key=lambda each: each.priority or 16)
