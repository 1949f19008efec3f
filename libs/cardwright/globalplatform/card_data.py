"""Answers of the card manager: CPLC, key information, card data, the registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from cardwright.globalplatform.errors import CardDataError
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv, parse

__all__ = [
    "Cplc",
    "KeyInformation",
    "RegistryEntry",
    "parse_key_information",
    "parse_secure_channels",
    "parse_status",
]

_CPLC, _KEY_TEMPLATE, _KEY, _ENTRY = 0x9F7F, 0xE0, 0xC0, 0xE3
_CARD_DATA, _RECOGNITION, _SECURE_CHANNEL, _OID = 0x66, 0x73, 0x64, 0x06
_AID, _LIFE_CYCLE, _PRIVILEGES, _MODULE = 0x4F, 0x9F70, 0xC5, 0x84
_LOAD_FILE, _LOAD_FILE_VERSION, _SECURITY_DOMAIN = 0xC4, 0xCE, 0xCC
_SCP_OID: Final = bytes.fromhex("2A864886FC6B04")  # {globalPlatform 4}, H.1.1
_CPLC_LENGTH: Final = 42
_EXTENDED, _FIRST_KEY_TYPE = 0xFF, 0x80


@dataclass(frozen=True, slots=True)
class Cplc:
    """Card production life cycle data (GET DATA 9F7F), as open GlobalPlatform host tools read them.

    What each maker writes is its own; two octets of a date are its digits: the year's last, and
    the day of the year.

    Attributes:
        fabricator: the IC's maker, 2 octets.
        ic_type: the IC, 2 octets.
        operating_system: id, release date and release level, 6 octets.
        fabrication_date: 2 octets.
        serial_number: the IC's, 4 octets.
        batch: the IC's, 2 octets.
        module: fabricator and packaging date, 4 octets.
        embedding: the card's manufacturer and embedding date, 4 octets.
        pre_personalization: by whom, date and equipment, 8 octets.
        personalization: by whom, date and equipment, 8 octets.
    """

    fabricator: bytes
    ic_type: bytes
    operating_system: bytes
    fabrication_date: bytes
    serial_number: bytes
    batch: bytes
    module: bytes
    embedding: bytes
    pre_personalization: bytes
    personalization: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the data object 9F7F.

        Raises:
            CardDataError: it is another, or has not 42 octets.
        """
        value = _only(data, _CPLC)
        if len(value) != _CPLC_LENGTH:
            raise CardDataError(f"CPLC are {_CPLC_LENGTH} octets, not {len(value)}.")
        cuts = (0, 2, 4, 10, 12, 16, 18, 22, 26, 34, 42)
        return cls(*(value[a:b] for a, b in pairwise(cuts)))


@dataclass(frozen=True, slots=True)
class KeyInformation:
    """A key of the security domain (11.3.3.1.1).

    Attributes:
        identifier: the key's identifier; 1, 2, 3 are Key-ENC, Key-MAC and Key-DEK.
        version: the version of the set that it is in.
        components: type (11.1.8) and length in octets of each; length 0 in the basic format means
            256 or more.
        usage: key usage qualifier (11.1.9), None if not told.
        access: key access (11.1.10), None if not told.
    """

    identifier: int
    version: int
    components: tuple[tuple[int, int], ...]
    usage: int | None = None
    access: int | None = None


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """An application, security domain or load file as GET STATUS tells it (11.4.3.1).

    Attributes:
        aid: its AID.
        life_cycle: its state; some cards add octets of their own after the first.
        privileges: 3 octets, None for a load file.
        load_file: AID of the load file that an application came from, if told.
        load_file_version: a load file's version, if told.
        modules: AIDs of a load file's modules, if asked for.
        security_domain: AID of the security domain that it belongs to, if told.
    """

    aid: bytes
    life_cycle: int
    privileges: bytes | None
    load_file: bytes | None
    load_file_version: bytes | None
    modules: tuple[bytes, ...]
    security_domain: bytes | None


def parse_key_information(data: bytes) -> tuple[KeyInformation, ...]:
    """Read the key information template (GET DATA E0), basic and extended entries.

    Raises:
        CardDataError: it is another data object, or an entry is cut off.
    """
    return tuple(
        _key_information(entry.value) for entry in _objects(_only(data, _KEY_TEMPLATE), _KEY)
    )


def parse_secure_channels(data: bytes) -> tuple[tuple[int, int], ...]:
    """Read protocols and their parameters i from the card data (GET DATA 66; H.2).

    Raises:
        CardDataError: it is another data object, or can't be read.
    """
    recognition = _only(_only(data, _CARD_DATA), _RECOGNITION)
    oids = (_only(each.value, _OID) for each in _objects(recognition, _SECURE_CHANNEL))
    return tuple(
        (oid[-2], oid[-1])
        for oid in oids
        if oid.startswith(_SCP_OID) and len(oid) == len(_SCP_OID) + 2
    )


def parse_status(data: bytes) -> tuple[RegistryEntry, ...]:
    """Read the answer to GET STATUS, in TLV; "more" answers one after the other.

    Raises:
        CardDataError: an entry has no AID or state, or can't be read.
    """
    return tuple(_registry_entry(entry.value) for entry in _objects(data, _ENTRY))


def _registry_entry(data: bytes) -> RegistryEntry:
    objects = _read(data)
    values = {each.tag: each.value for each in objects}
    if not values.get(_AID) or not values.get(_LIFE_CYCLE):
        raise CardDataError("An entry of the registry lacks AID or life cycle state.")
    return RegistryEntry(
        values[_AID],
        values[_LIFE_CYCLE][0],
        values.get(_PRIVILEGES),
        values.get(_LOAD_FILE),
        values.get(_LOAD_FILE_VERSION),
        tuple(each.value for each in objects if each.tag == _MODULE),
        values.get(_SECURITY_DOMAIN),
    )


def _key_information(entry: bytes) -> KeyInformation:
    try:
        identifier, version, first = entry[:3]
        octets = iter(entry[2:])
        if first != _EXTENDED:
            return KeyInformation(identifier, version, tuple(zip(octets, octets, strict=True)))
        components, usage_length = _extended_components(octets)
        usage = _optional(octets, usage_length)
        access = _optional(octets, next(octets))
    except (StopIteration, ValueError):
        raise CardDataError("An entry of the key information template is cut off.") from None
    return KeyInformation(identifier, version, components, usage, access)


def _extended_components(octets: Iterator[int]) -> tuple[tuple[tuple[int, int], ...], int]:
    """Read components up to the length of key usage, which is below every standard key type.

    Some cards leave the FF out of the second and later types.
    """
    components: list[tuple[int, int]] = []
    while (octet := next(octets)) >= _FIRST_KEY_TYPE:
        kind = next(octets) if octet == _EXTENDED else octet
        components.append((kind, next(octets) << 8 | next(octets)))
    return tuple(components), octet


def _optional(octets: Iterator[int], length: int) -> int | None:
    """Read a field of no octet or one; of a longer one, the first octet."""
    values = [next(octets) for _ in range(length)]
    return values[0] if values else None


def _only(data: bytes, tag: int) -> bytes:
    """Return the value of the first object with this tag."""
    found = next(iter(_objects(data, tag)), None)
    if found is None:
        raise CardDataError(f"The answer holds no data object {tag:02X}.")
    return found.value


def _objects(data: bytes, tag: int) -> list[Tlv]:
    return [each for each in _read(data) if each.tag == tag]


def _read(data: bytes) -> list[Tlv]:
    try:
        return parse(data)
    except TlvError as error:
        raise CardDataError(f"The answer is no sequence of data objects: {error}.") from None
