"""The data groupings of the application (EMV CPS 1.1 and 2.0, annex A), each for itself.

What they must be together is in ``completeness``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.crypto import unpad
from cardwright.chip.emv.rsa import MODULUS_SIZES
from cardwright.chip.tlv import first, read_dol, read_tlvs

__all__ = [
    "CHECK_VALUES",
    "FCI",
    "FCI_CONTACTLESS",
    "ICC_KEY",
    "INTERNAL",
    "KEYS",
    "OPTIONS",
    "OPTIONS_CONTACTLESS",
    "PIN",
    "PIN_COUNTERS",
    "PIN_KEY",
    "SECRET",
    "canonical",
    "check",
    "is_internal",
]

FCI, FCI_CONTACTLESS = 0x9102, 0x9103
OPTIONS, OPTIONS_CONTACTLESS = 0x9104, 0x9207
KEYS, CHECK_VALUES = 0x8000, 0x9000
PIN, PIN_COUNTERS = 0x8010, 0x9010
ICC_KEY, PIN_KEY = range(0x8201, 0x8206), range(0x8301, 0x8306)
INTERNAL = 0x3001
SECRET: Final = frozenset({KEYS, PIN, *ICC_KEY, *PIN_KEY})

_KEYS_SIZES = (48, 72, 96)
_PIN_SIZE = 8
_LARGEST_BLOCK = 16
_PRIME_SIZES = range(
    MODULUS_SIZES.start // 2, (MODULUS_SIZES.stop + 1) // 2 + _LARGEST_BLOCK
)  # with padding
_INTERNAL_SIZES = {0x9F14: 1, 0x9F23: 1, 0x9F36: 2, 0x9F56: 1}


def is_internal(grouping: int) -> bool:
    """Whether it holds data objects that the application uses and never shows as a record."""
    return grouping >> 8 in (0x30, 0xA0)


def canonical(grouping: int, value: bytes) -> bytes:
    """The value without what pads it to whole blocks for its encipherment."""
    sizes = {KEYS: _KEYS_SIZES, PIN: (_PIN_SIZE,)}.get(grouping)
    if sizes is None or len(value) in sizes:
        return value
    unpadded = unpad(value)
    if unpadded is None or len(unpadded) not in sizes:
        raise Refusal(Status.WRONG_DATA)
    return unpadded


def check(grouping: int, value: bytes) -> None:
    """Refuse an unknown grouping with 6A88 and a malformed one with 6A80."""
    well_formed = _internal if is_internal(grouping) else _WELL_FORMED.get(grouping)
    if well_formed is None:
        raise Refusal(Status.NO_REFERENCE)
    if not well_formed(value):
        raise Refusal(Status.WRONG_DATA)


def _fci(value: bytes) -> bool:
    template = read_tlvs(value)
    if [tag for tag, _ in template] != [0xA5]:
        return False
    read_dol(first(template[0][1], 0x9F38) or b"")
    return True


def _options(value: bytes) -> bool:
    profile, locator = first(value, 0x82), first(value, 0x94) or b""
    entries = [locator[at : at + 4] for at in range(0, len(locator), 4)]
    lists = bool(entries) and all(map(_locator_entry, entries))
    return profile is not None and len(profile) == 2 and lists


def _locator_entry(entry: bytes) -> bool:
    """File, first record, last record, how many of them are authenticated (Book 3, 10.2)."""
    if len(entry) != 4:
        return False
    file, first_record, last_record, signed = entry
    return (
        8 <= file <= 30 << 3
        and file & 0x07 == 0
        and 1 <= first_record <= last_record
        and signed <= last_record - first_record + 1
    )


def _pin_block(value: bytes) -> bool:
    """Control field 2, 4 to 12 digits, filled with F (Book 3, table 25)."""
    control, digits = value[0] >> 4, value[0] & 0x0F
    nibbles = value.hex()[2:]
    filler = nibbles[digits:]
    return (
        control == 2
        and 4 <= digits <= 12
        and nibbles[:digits].isdecimal()
        and filler == "f" * len(filler)
    )


def _internal(value: bytes) -> bool:
    return all(len(each) == _INTERNAL_SIZES.get(tag, len(each)) for tag, each in read_tlvs(value))


def _any_of_size(sizes: range | tuple[int, ...]) -> Callable[[bytes], bool]:
    return lambda value: len(value) in sizes


_WELL_FORMED: Mapping[int, Callable[[bytes], bool]] = {
    FCI: _fci,
    FCI_CONTACTLESS: _fci,
    OPTIONS: _options,
    OPTIONS_CONTACTLESS: _options,
    KEYS: _any_of_size(_KEYS_SIZES),
    CHECK_VALUES: _any_of_size((9,)),
    PIN: _pin_block,
    PIN_COUNTERS: lambda value: len(value) == 2 and 1 <= value[0] <= value[1] <= 15,
    **dict.fromkeys((*ICC_KEY, *PIN_KEY), _any_of_size(_PRIME_SIZES)),
}
