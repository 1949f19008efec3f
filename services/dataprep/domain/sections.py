"""What goes into the vault for the other stations; the fields are those of vault/v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "ChipSection",
    "InspectionSection",
    "KeysSection",
    "PrintSection",
    "Sections",
    "StripeSection",
]


@dataclass(frozen=True, slots=True)
class PrintSection:
    """What the faces show."""

    design: str
    text: Mapping[str, str] = field(repr=False)
    photo: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StripeSection:
    """What the stripe holds: with sentinels, without redundancy check."""

    track1: str = field(repr=False)
    track2: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChipSection:
    """What the chip holds, but for its keys; ``dgis`` as id, length and value each."""

    module_aid: bytes
    instance_aid: bytes
    dgis: tuple[bytes, ...] = field(repr=False)
    kmc: str


@dataclass(frozen=True, slots=True)
class KeysSection:
    """What key management derives the card's keys from: usage to master key label in ``masters``.

    The diversifier has at most 19 digits; ``badge_diversifier`` is a badge's (AN10922), up to 31
    octets, and empty for others.
    """

    diversifier: str = field(repr=False)
    sequence_number: str
    masters: Mapping[str, str]
    badge_diversifier: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class InspectionSection:
    """What inspection expects to read: no key. ``records`` are (file, number, content)."""

    barcode: str
    track1: str = field(repr=False)
    track2: str = field(repr=False)
    instance_aid: bytes
    records: tuple[tuple[int, int, bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sections:
    """All sections of one card; ``stripe`` is None for a card without one."""

    print: PrintSection
    stripe: StripeSection | None
    chip: ChipSection
    keys: KeysSection
    inspection: InspectionSection
