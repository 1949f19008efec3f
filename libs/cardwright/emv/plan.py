"""Where each data object of an application lies: records within their limits, and the locators.

File 1 holds what is not signed, file 2 what is, file 3 the certificates, which a terminal reads
first (EMV 4.4 Book 3, 7.1, table 27). What both interfaces share is stored once: in each file come
the records of contact alone, then those of both, then those of contactless alone, so that each
interface reads one run. The plan is the profile's: all its cards have the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from cardwright.emv.errors import EmvError
from cardwright.emv.plan_slots import CERTIFIED, Origin, Slot, authenticates, slots
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.records import RECORD_MAX, RECORD_TEMPLATE, application_file_locator
from cardwright.iso import tlv

__all__ = ["Plan", "PlannedRecord", "plan"]

_ALL = (Interface.CONTACT, Interface.CONTACTLESS)
_AUTHENTICATION = frozenset(
    {0x8F, 0x90, 0x92, 0x93, 0x9F32, 0x9F2D, 0x9F2E, 0x9F2F, 0x9F46, 0x9F47, 0x9F48, 0x9F49}
)


class _File(Enum):
    UNSIGNED = 1
    SIGNED = 2
    AUTHENTICATION = 3


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A record, its data objects, and who reads it.

    Attributes:
        sfi: short file identifier.
        number: record number.
        slots: its data objects in order.
        interfaces: over which a terminal reads it.
        signed: offline data authentication covers it.
    """

    sfi: int
    number: int
    slots: tuple[Slot, ...]
    interfaces: tuple[Interface, ...]
    signed: bool

    @property
    def position(self) -> tuple[int, int]:
        """File and number."""
        return self.sfi, self.number

    @property
    def certified(self) -> bool:
        """Whether the security module has to complete it."""
        return any(slot.origin is Origin.MODULE for slot in self.slots)

    @property
    def length(self) -> int:
        """Octets of the record with its template, all slots at their longest."""
        return _length(self.slots)


@dataclass(frozen=True, slots=True)
class Plan:
    """All records of an application, and the locator of each interface (tag 94).

    Attributes:
        records: in the order of their positions.
        locators: by interface.
        shared_static_data: what is signed is the same over both interfaces.
    """

    records: tuple[PlannedRecord, ...]
    locators: Mapping[Interface, bytes]
    shared_static_data: bool


@dataclass(frozen=True, slots=True)
class _Placed:
    """A slot with who reads it."""

    slot: Slot
    interfaces: tuple[Interface, ...]


def plan(profile: Profile) -> Plan:
    """Lay out an application's records.

    Raises:
        EmvError: RECORD_LENGTH: a data object or a fixed record exceeds 254 octets;
            RECORD_LAYOUT: a fixed record names a data object that the application has not, has
            twice, or mixes what interfaces share with what they don't.
    """
    shared = _shared_static_data(profile)
    placed = _placed(profile, shared)
    records = [*_fixed(profile, placed)]
    taken = {(slot.tag, record.interfaces) for record in records for slot in record.slots}
    free = [p for p in placed if (p.slot.tag, p.interfaces) not in taken]
    for file in _File:
        records += _packed(profile, file, free, {record.position for record in records})
    ordered = tuple(sorted(records, key=lambda record: record.position))
    locators = {item: _locator(profile, ordered, item) for item in profile.interfaces}
    return Plan(ordered, locators, shared)


def _shared_static_data(profile: Profile) -> bool:
    """Whether one certificate serves both interfaces."""
    both = [profile.settings(interface) for interface in profile.interfaces]
    if not all(map(authenticates, both)):
        return True
    signs_aip = profile.authentication is not None and profile.authentication.sign_aip
    signed = {
        tuple(slot for slot in slots(profile, interface) if slot.tag in profile.signed)
        for interface in profile.interfaces
    }
    return len(signed) == 1 and (not signs_aip or len({item.aip for item in both}) == 1)


def _placed(profile: Profile, shared: bool) -> list[_Placed]:
    """Return the slots of all interfaces; one that two have alike is of both."""
    readers: dict[tuple[Slot, bool], list[Interface]] = {}
    for interface in profile.interfaces:
        for slot in slots(profile, interface):
            apart = slot.tag in CERTIFIED and not shared
            own = apart and interface is Interface.CONTACTLESS
            readers.setdefault((slot, own), []).append(interface)
    return [_Placed(slot, tuple(interfaces)) for (slot, _), interfaces in readers.items()]


def _fixed(profile: Profile, placed: list[_Placed]) -> Iterable[PlannedRecord]:
    by_tag: dict[int, _Placed] = {}
    for item in reversed(placed):  # contact's own variant before contactless'
        by_tag[item.slot.tag] = item
    for record in profile.records:
        items = [by_tag.pop(tag, None) for tag in record.tags]
        readers = {item.interfaces for item in items if item is not None}
        files = {_file(profile, item.slot) for item in items if item is not None}
        where = f"Record {record.file}.{record.number}"
        if None in items or len(readers) != 1 or (_File.SIGNED in files and len(files) > 1):
            raise EmvError(
                "RECORD_LAYOUT",
                f"{where} must hold data objects that the application has, each once, "
                "and all of them signed or none, shared by the same interfaces",
            )
        found = tuple(item.slot for item in items if item is not None)
        if _length(found) > RECORD_MAX:
            raise EmvError("RECORD_LENGTH", f"{where} exceeds {RECORD_MAX} octets; split it")
        (interfaces,) = readers
        signed = files == {_File.SIGNED} and _signs(profile, interfaces)
        yield PlannedRecord(record.file, record.number, found, interfaces, signed)


def _packed(
    profile: Profile, file: _File, placed: list[_Placed], occupied: set[tuple[int, int]]
) -> Iterable[PlannedRecord]:
    number = max((n for sfi, n in occupied if sfi == file.value), default=0)
    for interfaces in (_ALL[:1], _ALL, _ALL[1:]):
        mine = [
            item.slot
            for item in placed
            if item.interfaces == interfaces and _file(profile, item.slot) is file
        ]
        signed = file is _File.SIGNED and _signs(profile, interfaces)
        for found in _first_fit(mine):
            number += 1
            yield PlannedRecord(file.value, number, found, interfaces, signed)


def _first_fit(found: Iterable[Slot]) -> list[tuple[Slot, ...]]:
    """Put each data object into the first record that has room for it."""
    records: list[tuple[Slot, ...]] = []
    for slot in found:
        if _length((slot,)) > RECORD_MAX:
            raise EmvError(
                "RECORD_LENGTH",
                f"{slot.tag:X} takes {slot.length} octets: more than a record holds; shorten it",
            )
        at = next((i for i, r in enumerate(records) if _length((*r, slot)) <= RECORD_MAX), None)
        if at is None:
            records.append((slot,))
        else:
            records[at] += (slot,)
    return records


def _file(profile: Profile, slot: Slot) -> _File:
    if slot.tag in _AUTHENTICATION:
        return _File.AUTHENTICATION
    return _File.SIGNED if slot.tag in profile.signed else _File.UNSIGNED


def _signs(profile: Profile, interfaces: Iterable[Interface]) -> bool:
    return profile.authentication is not None and any(
        authenticates(profile.settings(interface)) for interface in interfaces
    )


def _locator(profile: Profile, records: Iterable[PlannedRecord], interface: Interface) -> bytes:
    mine = [record for record in records if interface in record.interfaces]
    certificates = (record.sfi for record in mine if record.certified)
    return application_file_locator(
        (record.position for record in mine),
        {r.position for r in mine if r.signed and authenticates(profile.settings(interface))},
        next(certificates, None),
    )


def _length(found: Iterable[Slot]) -> int:
    content = sum(len(tlv.encode(slot.tag, bytes(slot.length))) for slot in found)
    return len(tlv.encode(RECORD_TEMPLATE, bytes(content)))
