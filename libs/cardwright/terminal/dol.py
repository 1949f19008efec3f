"""EMV Book 3, 5.4: data object lists, by which a card says what it wants to be told."""

from __future__ import annotations

from collections.abc import Callable

from cardwright.iso.errors import TlvError

__all__ = ["fill", "parse_dol"]

# Formats n (right-justified, zeros before) and cn (left-justified, F after) of objects that a
# list may ask; all others are left-justified, zeros after (Book 3, annex A).
_NUMERIC = frozenset({
    0x5F24, 0x5F25, 0x5F28, 0x5F2A, 0x5F30, 0x5F34, 0x5F36, 0x9A, 0x9C, 0x9F01, 0x9F02, 0x9F03,
    0x9F11, 0x9F15, 0x9F1A, 0x9F21, 0x9F35, 0x9F39, 0x9F41, 0x9F42, 0x9F44,
})  # fmt: skip
_LONGEST = 252
_COMPRESSED = frozenset({0x5A, 0x9F62})


def parse_dol(dol: bytes) -> list[tuple[int, int]]:
    """Return the tags and lengths that a list asks for, in order.

    Raises:
        TlvError: TLV_TRUNCATED or TLV_TAG.
    """
    entries: list[tuple[int, int]] = []
    at = 0
    while at < len(dol):
        end = _tag_end(dol, at)
        if end >= len(dol):
            raise TlvError("TLV_TRUNCATED", "A data object list ends inside an entry")
        entries.append((int.from_bytes(dol[at:end], "big"), dol[end]))
        at = end + 1
    return entries


def fill(dol: bytes, value_of: Callable[[int], bytes | None]) -> list[tuple[int, bytes]]:
    """Return what a list asks for: each tag with its value, cut or filled to the length asked.

    What the terminal does not know, and templates, are zeros.

    Raises:
        TlvError: as ``parse_dol``, and TLV_LENGTH for more than a command holds.
    """
    if sum(length for _, length in parse_dol(dol)) > _LONGEST:
        raise TlvError("TLV_LENGTH", "A data object list asks for more than 252 octets")
    return [(tag, _fit(tag, value_of(tag), length)) for tag, length in parse_dol(dol)]


def _fit(tag: int, value: bytes | None, length: int) -> bytes:
    if value is None or _constructed(tag):
        return bytes(length)
    if tag in _NUMERIC:
        return value.rjust(length, b"\0")[len(value) - length if len(value) > length else 0 :]
    filler = b"\xff" if tag in _COMPRESSED else b"\0"
    return value[:length].ljust(length, filler)


def _constructed(tag: int) -> bool:
    first = tag >> 8 * ((tag.bit_length() - 1) // 8) if tag else 0
    return bool(first & 0x20)


def _tag_end(dol: bytes, at: int) -> int:
    if dol[at] & 0x1F != 0x1F:
        return at + 1
    for end in range(at + 1, min(at + 3, len(dol))):
        if not dol[end] & 0x80:
            return end + 1
    raise TlvError("TLV_TAG", "A data object list has a tag that is none")
