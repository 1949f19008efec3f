"""What GET DATA tells of the card (GlobalPlatform 2.3.1, 11.3 and appendix H)."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.chip.keys import KeyStore
from cardwright.chip.profile import Profile
from cardwright.chip.scp03 import PSEUDO_RANDOM
from cardwright.chip.tlv import encode

__all__ = [
    "application_list",
    "card_capabilities",
    "card_data",
    "key_information",
    "sequence_counter",
]

_OID = bytes.fromhex("2A864886FC6B")  # {iso(1) member-body(2) country-USA(840) 114283}
_ALL_AES_LENGTHS = b"\x07"


def key_information(keys: KeyStore) -> bytes:
    """Inside E0: identifier, version, algorithm and length of every key (11.3.3.1.1)."""
    return b"".join(
        encode(0xC0, bytes((name, each.version, key.kind, len(key.value))))
        for each in keys.sets
        for name, key in sorted(each.keys.items())
    )


def sequence_counter(keys: KeyStore, profile: Profile) -> bytes | None:
    """Inside C1: that of the default key set.

    None where SCP03 draws its challenges: it has no counter then.
    """
    default = keys.find(0)
    if default is None or default.protocol == 2:
        return default.sequence.to_bytes(2, "big") if default else None
    pseudo = (profile.scp03_i or 0) & PSEUDO_RANDOM
    return default.sequence.to_bytes(3, "big") if pseudo else None


def card_data(profile: Profile) -> bytes:
    """Inside 66: card recognition data for GlobalPlatform 2.3, in format 1 (table H-1)."""
    recognition = (
        _oid(1)
        + encode(0x60, _oid(2, 2, 3))
        + encode(0x63, _oid(3))
        + b"".join(encode(0x64, _oid(4, scp, i)) for scp, i in _protocols(profile))
    )
    return encode(0x73, recognition)


def card_capabilities(profile: Profile) -> bytes:
    """Inside 67: the protocols; applications get no privileges, and nothing is loaded (H.4)."""
    protocols = (
        encode(
            0xA0,
            encode(0x80, bytes((scp,)))
            + encode(0x81, bytes((i,)))
            + (encode(0x82, _ALL_AES_LENGTHS) if scp == 3 else b""),
        )
        for scp, i in _protocols(profile)
    )
    return b"".join(protocols) + encode(0x82, bytes(3)) + encode(0x83, b"")


def application_list(aids: Iterable[bytes]) -> bytes:
    """The answer to 2F00: an application template each (table 11-30)."""
    return b"".join(encode(0x61, encode(0x4F, aid)) for aid in aids)


def _protocols(profile: Profile) -> list[tuple[int, int]]:
    options = ((2, profile.scp02_i), (3, profile.scp03_i))
    return [(scp, i) for scp, i in options if i is not None]


def _oid(*arcs: int) -> bytes:
    """An object identifier below GlobalPlatform's (H.1.1); each arc is below 128."""
    return encode(0x06, _OID + bytes(arcs))
