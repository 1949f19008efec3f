"""BER-TLV as in ISO/IEC 8825-1 and EMV, DOLs, and the data groupings of personalization."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.chip.apdu import Refusal, Status

__all__ = [
    "encode",
    "first",
    "grouping_length",
    "read_dol",
    "read_lv",
    "read_tags",
    "read_tlvs",
]


def encode(tag: int, value: bytes) -> bytes:
    """One TLV with the shortest tag and length."""
    tag_octets = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    size = len(value)
    if size < 0x80:
        return tag_octets + bytes((size,)) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag_octets + bytes((0x80 | len(octets),)) + octets + value


def read_tlvs(data: bytes) -> list[tuple[int, bytes]]:
    """All TLVs of one level; what is no list of TLVs is refused with 6A80."""
    found = []
    at = 0
    while at < len(data):
        tag, at = _read_tag(data, at)
        size, at = _read_size(data, at)
        if at + size > len(data):
            raise Refusal(Status.WRONG_DATA)
        found.append((tag, data[at : at + size]))
        at += size
    return found


def first(data: bytes, tag: int) -> bytes | None:
    """The value of the first TLV of that tag at this level, or None."""
    return next((value for each, value in read_tlvs(data) if each == tag), None)


def read_dol(dol: bytes) -> list[tuple[int, int]]:
    """The tags and lengths of a data object list (EMV 4.3 Book 3, 5.4)."""
    entries = []
    at = 0
    while at < len(dol):
        tag, at = _read_tag(dol, at)
        size, at = _read_size(dol, at)
        entries.append((tag, size))
    return entries


def read_tags(data: bytes) -> list[int]:
    """The tags of a tag list (ISO/IEC 7816-4, 8.5.1)."""
    tags = []
    at = 0
    while at < len(data):
        tag, at = _read_tag(data, at)
        tags.append(tag)
    return tags


def read_lv(data: bytes) -> Iterator[bytes]:
    """Values that follow one-octet lengths, as INSTALL has them; a cut one is 6A80."""
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        if end > len(data):
            raise Refusal(Status.WRONG_DATA)
        yield data[at + 1 : end]
        at = end


def grouping_length(data: bytes) -> tuple[int, int] | None:
    """Header and value length of the data grouping that ``data`` begins with.

    None when the header itself is still incomplete (GlobalPlatform 2.3, 11.1).
    """
    if len(data) < 3 or (data[2] == 0xFF and len(data) < 5):
        return None
    return (5, int.from_bytes(data[3:5], "big")) if data[2] == 0xFF else (3, data[2])


def _octet(data: bytes, at: int) -> int:
    if at >= len(data):
        raise Refusal(Status.WRONG_DATA)
    return data[at]


def _read_tag(data: bytes, at: int) -> tuple[int, int]:
    tag = _octet(data, at)
    at += 1
    if tag & 0x1F == 0x1F:
        while True:
            octet = _octet(data, at)
            tag, at = tag << 8 | octet, at + 1
            if not octet & 0x80:
                break
    return tag, at


def _read_size(data: bytes, at: int) -> tuple[int, int]:
    size = _octet(data, at)
    at += 1
    if size < 0x80:
        return size, at
    count = size & 0x7F
    if not 1 <= count <= 2 or at + count > len(data):
        raise Refusal(Status.WRONG_DATA)
    return int.from_bytes(data[at : at + count], "big"), at + count
