"""What one card gets: tracks, and a chip's applications with what will prove them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cardwright.emv.dgi import Dgi, parse_all
from cardwright.hsm.chips import ChipApplication, ChipChannel
from services.encoding.domain.reading import ReadApplication, Reading, Records, located, reading_of
from services.encoding.domain.stripes import StripePlan

__all__ = ["ChipPlan", "IncompleteError", "Material", "chip_plan"]


class IncompleteError(Exception):
    """The card's sections together don't make a chip.

    Attributes:
        code: CHIP_SECTION_EMPTY or CERTIFICATES_MISSING.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ChipPlan:
    """A chip's personalization.

    Attributes:
        kmc: label of the initial master key that opens the chip.
        applications: what is installed, in order.
        channel: how the chip is spoken to, and which keys it keeps.
        sealed_keys: the card's keys, for the security module alone; empty for a chip without.
        reading: what proves that all of it is there.
    """

    kmc: str
    applications: tuple[ChipApplication, ...]
    channel: ChipChannel
    sealed_keys: bytes = field(repr=False)
    reading: Reading

    @property
    def badges(self) -> tuple[bytes, ...]:
        """Instances that have a badge's key: of a chip with keys on which nothing pays."""
        applications = self.reading.applications
        if not self.sealed_keys or any(each.paying for each in applications):
            return ()
        return tuple(each.aid for each in applications)

    @property
    def issuer_version(self) -> int:
        """Version of the key set that the issuer's keys get; 0 if the initial ones stay."""
        return self.channel.issuer_key_version if self.channel.issuer_kmc else 0


@dataclass(frozen=True, slots=True)
class Material:
    """What one card gets: no tracks without a stripe, no plan without a chip."""

    stripe: StripePlan
    chip: ChipPlan | None


def chip_plan(
    kmc: str,
    applications: Sequence[ChipApplication],
    channel: ChipChannel,
    sealed_keys: bytes,
    certificates: Mapping[bytes, Records],
) -> ChipPlan:
    """Return how a chip becomes this card.

    Args:
        kmc: label of the initial master key.
        applications: what is installed, in order.
        channel: how the chip is spoken to.
        sealed_keys: as the security module sealed them.
        certificates: certificate records by instance.

    Raises:
        EmvError: A grouping or a locator is malformed.
        CommandError: An AID is none.
        IncompleteError: A locator names a record that neither section has.
    """
    if not applications:
        raise IncompleteError("CHIP_SECTION_EMPTY", "the chip section names no application")
    reading = Reading(
        tuple(_reading(each, certificates.get(each.instance_aid, {})) for each in applications)
    )
    return ChipPlan(kmc, tuple(applications), channel, sealed_keys, reading)


def _reading(application: ChipApplication, certificates: Records) -> ReadApplication:
    groupings: dict[int, Dgi] = {
        dgi.id: dgi for encoded in application.dgis for dgi in parse_all(encoded)
    }
    known = {(number >> 8, number & 0xFF) for number in groupings} | certificates.keys()
    if not located(groupings) <= known:
        raise IncompleteError(
            "CERTIFICATES_MISSING", "the application's locator names records that nobody made"
        )
    return reading_of(application.instance_aid, groupings, certificates)
