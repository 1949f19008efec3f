"""BER-TLV data objects as cards use them: ISO/IEC 7816-4 clause 6.3, EMV Book 3 annex B.

Lengths are definite, tags at most three octets. Zero octets between objects are padding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cardwright.iso.errors import TlvError

__all__ = ["Tlv", "encode", "encode_all", "find", "parse"]


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object; its value does not print, as it may be an account number."""

    tag: int
    value: bytes = field(repr=False)

    @property
    def constructed(self) -> bool:
        """Whether the value is itself a sequence of data objects (bit 6 of the tag)."""
        return bool(_tag_octets(self.tag)[0] & 0x20)

    def children(self) -> list[Tlv]:
        """Parse the value of a constructed object.

        Raises:
            TlvError: the value is no sequence of data objects.
        """
        return parse(self.value)

    def encode(self) -> bytes:
        """Return tag, length and value."""
        return encode(self.tag, self.value)


def encode(tag: int, value: bytes) -> bytes:
    """Return one data object with its length in the fewest octets.

    Args:
        tag: the tag's octets as a number, such as 0x9F36.
        value: up to 65,535 octets.

    Raises:
        TlvError: TLV_TAG for a number that is no tag, TLV_LENGTH for a value too long.
    """
    length = len(value)
    if length < 0x80:
        return b"%b%c%b" % (_tag_octets(tag), length, value)
    if length <= 0xFF:
        return b"%b\x81%c%b" % (_tag_octets(tag), length, value)
    if length > 0xFFFF:
        raise TlvError("TLV_LENGTH", "A data object's value is at most 65,535 octets here")
    return b"%b\x82%b%b" % (_tag_octets(tag), length.to_bytes(2, "big"), value)


def encode_all(objects: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the data objects of ``(tag, value)`` pairs, in order."""
    return b"".join(encode(tag, value) for tag, value in objects)


def parse(data: bytes) -> list[Tlv]:
    """Read the data objects of one level; ``Tlv.children`` goes deeper.

    Raises:
        TlvError: TLV_TRUNCATED, TLV_TAG, or TLV_LENGTH for a length that is indefinite or longer
            than three octets.
    """
    objects: list[Tlv] = []
    at, end = 0, len(data)
    while at < end:
        if data[at] == 0:
            at += 1
            continue
        tag, at = _read_tag(data, at)
        length, at = _read_length(data, at)
        if at + length > end:
            raise _truncated()
        objects.append(Tlv(tag, data[at : at + length]))
        at += length
    return objects


def find(data: bytes, *path: int) -> bytes | None:
    """Return the value at the end of a path of tags, such as ``0x6F, 0xA5, 0x50``, or None.

    At each level the first object with the tag is followed.

    Raises:
        TlvError: a level on the way can't be parsed.
    """
    for tag in path:
        value = next((o.value for o in parse(data) if o.tag == tag), None)
        if value is None:
            return None
        data = value
    return data


def _tag_octets(tag: int) -> bytes:
    octets = tag.to_bytes((tag.bit_length() + 7) // 8, "big") if tag > 0 else b""
    if not octets or len(octets) > 3 or _read_tag_end(octets) != len(octets):
        raise TlvError("TLV_TAG", "A tag is one to three octets as ISO/IEC 7816-4 codes them")
    return octets


def _read_tag_end(data: bytes, at: int = 0) -> int:
    """Return where the tag that begins at ``at`` ends, or -1 when it does not within 3 octets."""
    if data[at] & 0x1F != 0x1F:
        return at + 1
    for end in range(at + 1, min(at + 3, len(data))):
        if data[end] & 0x80 == 0:
            return end + 1
    return -1


def _read_tag(data: bytes, at: int) -> tuple[int, int]:
    end = _read_tag_end(data, at)
    if end < 0:
        if at + 3 > len(data):
            raise _truncated()
        raise TlvError("TLV_TAG", "A tag is at most three octets; the data are no card's")
    return int.from_bytes(data[at:end], "big"), end


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise _truncated()
    first = data[at]
    if first < 0x80:
        return first, at + 1
    more = first & 0x7F
    if not 1 <= more <= 3:
        raise TlvError("TLV_LENGTH", "A length is definite and takes at most three octets more")
    if at + 1 + more > len(data):
        raise _truncated()
    return int.from_bytes(data[at + 1 : at + 1 + more], "big"), at + 1 + more


def _truncated() -> TlvError:
    return TlvError("TLV_TRUNCATED", "The data end inside a data object; read them again in full")
