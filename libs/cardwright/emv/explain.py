"""What is on a card, tag by tag: what it means, where its value comes from and where it lies.

Account numbers show six and four digits, names and discretionary data their length alone; keys,
PINs and certificates come from the security module and have no value here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cardwright.emv.card_values import CardValues, card_objects
from cardwright.emv.dgi import Dgi
from cardwright.emv.dictionary import find
from cardwright.emv.plan import Plan, PlannedRecord, plan
from cardwright.emv.plan_slots import Origin, authenticates, internal_objects
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP, TVR, USAGE_CONTROL, BitField
from cardwright.emv.profile_cvm import CvmList
from cardwright.emv.profile_dol import Dol
from cardwright.emv.selection import file_control_information
from cardwright.iso import tlv

__all__ = ["Explained", "explain", "explain_directory"]

_BITS: Final[dict[int, BitField]] = {
    0x82: AIP,
    0x9F07: USAGE_CONTROL,
    0x9F0D: TVR,
    0x9F0E: TVR,
    0x9F0F: TVR,
}
_LISTS: Final = frozenset({0x8C, 0x8D, 0x9F38, 0x9F49})
_TEXTS: Final = frozenset({0x50, 0x5F2D})
_NUMBERS: Final = frozenset({0x57, 0x5A})
_PERSONAL: Final = frozenset({0x5F20, 0x9F0B, 0x9F1F, 0x9F20})
_FIRST_COMMAND: Final = 0x1F00  # groupings below are records
_GPO: Final = {Interface.CONTACT: 0x9104, Interface.CONTACTLESS: 0x9207}


@dataclass(frozen=True, slots=True)
class Explained:
    """One data object or key of a card.

    Attributes:
        tag: hexadecimal; empty for a grouping that is no data object.
        name: as EMV Book 3 annex A has it.
        value: hexadecimal, masked where it is personal; empty where the module has it.
        meaning: the value in words, where it has any.
        origin: profile, product, request, computed or security module.
        place: the record, or the command whose answer holds it.
        grouping: data grouping identifier, hexadecimal.
        interfaces: over which a terminal sees it; none for what no terminal sees.
        signed: offline data authentication covers it.
    """

    tag: str
    name: str
    value: str
    meaning: str
    origin: str
    place: str
    grouping: str
    interfaces: tuple[str, ...] = ()
    signed: bool = False


def explain(profile: Profile, values: CardValues) -> list[Explained]:
    """Return all that an application holds, in the order that a terminal meets it.

    Raises:
        EmvError: RECORD_LENGTH or RECORD_LAYOUT, as ``plan`` raises them.
    """
    planned = plan(profile)
    return [
        *_selected(profile),
        *_options(profile, planned),
        *(row for record in planned.records for row in _record(profile, record, values)),
        *_internal(profile),
    ]


def explain_directory(groupings: Iterable[Dgi]) -> list[Explained]:
    """Return what a directory of the card lists, all of it computed from the applications."""
    return [
        _row(tag, value, Origin.COMPUTED, _place(dgi), dgi.id, ())
        for dgi in groupings
        for tag, value in _primitives(tlv.parse(dgi.value))
    ]


def _place(dgi: Dgi) -> str:
    return f"record {dgi.id >> 8}.{dgi.id & 0xFF}" if dgi.id < _FIRST_COMMAND else "SELECT"


def _primitives(objects: Iterable[tlv.Tlv]) -> Iterator[tuple[int, bytes]]:
    for item in objects:
        if item.constructed:
            yield from _primitives(item.children())
        else:
            yield item.tag, item.value


def _selected(profile: Profile) -> Iterator[Explained]:
    answers = {i: file_control_information(profile, i) for i in profile.interfaces}
    alike = len(set(answers.values())) == 1
    for interface, answer in answers.items():
        if alike and interface is Interface.CONTACTLESS:
            return
        seen = profile.interfaces if alike else (interface,)
        grouping = 0x9102 if alike or interface is Interface.CONTACT else 0x9103
        for tag, value in answer:
            yield _row(tag, value, Origin.PROFILE, "SELECT", grouping, seen)


def _options(profile: Profile, planned: Plan) -> Iterator[Explained]:
    place = "GET PROCESSING OPTIONS"
    for interface, afl in planned.locators.items():
        grouping, aip = _GPO[interface], profile.settings(interface).aip
        yield _row(0x82, aip, Origin.PROFILE, place, grouping, (interface,))
        yield _row(0x94, afl, Origin.COMPUTED, place, grouping, (interface,))


def _record(profile: Profile, record: PlannedRecord, values: CardValues) -> Iterator[Explained]:
    own = card_objects(values)
    place, grouping = f"record {record.sfi}.{record.number}", record.sfi << 8 | record.number
    for slot in record.slots:
        value = slot.value if slot.value is not None else own.get(slot.tag, b"")
        signed = record.signed and any(
            authenticates(profile.settings(interface)) for interface in record.interfaces
        )
        yield _row(slot.tag, value, slot.origin, place, grouping, record.interfaces, signed=signed)


def _internal(profile: Profile) -> Iterator[Explained]:
    for tag, value in internal_objects(profile).items():
        yield _row(tag, value, Origin.PROFILE, "no answer", 0xA001, ())
    yield _made(0x8000, "Master keys for cryptograms and secure messaging")
    yield _made(0x9000, "Key check values of the master keys")
    if profile.pin_try_limit is not None:
        yield _made(0x8010, "Reference PIN block")
        yield _made(0x9010, f"PIN try counter and limit, {profile.pin_try_limit} each")
    keys = profile.authentication
    if keys is not None and keys.icc_bits is not None:
        yield _made(0x8201, f"ICC private key of {keys.icc_bits} bits, to 8205")
    if keys is not None and keys.pin_bits is not None:
        yield _made(0x8301, f"ICC PIN private key of {keys.pin_bits} bits, to 8305")


def _row(
    tag: int,
    value: bytes,
    origin: Origin,
    place: str,
    grouping: int,
    interfaces: tuple[Interface, ...],
    *,
    signed: bool = False,
) -> Explained:
    known = find(tag)
    return Explained(
        tag=f"{tag:X}",
        name=known.name if known else "",
        value=_masked(tag, value),
        meaning=_meaning(tag, value),
        origin=origin.value,
        place=place,
        grouping=f"{grouping:04X}",
        interfaces=tuple(interface.value for interface in interfaces),
        signed=signed,
    )


def _made(grouping: int, name: str) -> Explained:
    return Explained("", name, "", "", Origin.MODULE.value, "no answer", f"{grouping:04X}")


def _masked(tag: int, value: bytes) -> str:
    if tag in _PERSONAL:
        return f"<{len(value)} characters>"
    digits = value.hex().upper()
    if tag not in _NUMBERS:
        return digits
    pan, separator, rest = digits.rstrip("F").partition("D")
    shown = f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}"
    # Expiry and service code follow the separator; the issuer's digits hold verification values.
    return f"{shown}{separator}{rest[:7]}{'*' * (len(rest) - 7)}"


def _meaning(tag: int, value: bytes) -> str:
    if tag in _BITS:
        return ", ".join(_BITS[tag].names(value)) or "none"
    if tag in _LISTS:
        return str(Dol.parse(value))
    if tag == 0x8E:
        return str(CvmList.parse(value))
    return value.decode("ascii") if tag in _TEXTS else ""
