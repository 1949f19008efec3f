"""A chip of several applications: what each holds, what its keys are made of, what should be read.

The dataclasses are those of vault/v1: ChipApplication, ApplicationRecipe, InspectedApplication.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cardwright.emv.application import EmvApplication, OfflineAuthentication, build
from cardwright.emv.dgi import Dgi
from cardwright.emv.errors import EmvError
from cardwright.emv.profile import Profile
from cardwright.emv.selection import PPSE, PSE, Listed, ppse_groupings, pse_groupings
from services.dataprep.chips import Application, ApplicationsChip
from services.dataprep.domain.compose import Account, card_values, label_of
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import RefusedError

__all__ = [
    "ApplicationRecipe",
    "ChipApplication",
    "ComposedChip",
    "InspectedApplication",
    "compose_chip",
    "directories",
]

_LAST_RECORD_FILE = 30


@dataclass(frozen=True, slots=True)
class ChipApplication:
    """An application to install, and its groupings that hold no key: id, length and value each."""

    module_aid: bytes
    instance_aid: bytes
    dgis: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplicationRecipe:
    """What an application's keys and certificates are made of.

    Attributes:
        instance_aid: of the application.
        masters: usage of a card key to its master key's label.
        derivation: EMV Book 2 annex A1.4: A, B or C.
        offline_pin: the card compares a PIN itself.
        pin_tries: that it allows; 0 without a PIN.
        issuer_key: label of the issuer's RSA key; empty without certificates.
        authentication: certificates and what they sign; none without.
        contactless_authentication: the same where contactless signs other data than contact.
    """

    instance_aid: bytes
    masters: Mapping[str, str]
    derivation: str
    offline_pin: bool
    pin_tries: int
    issuer_key: str
    authentication: OfflineAuthentication | None
    contactless_authentication: OfflineAuthentication | None


@dataclass(frozen=True, slots=True)
class InspectedApplication:
    """Records as they should read, certificates apart, as (file, number, content).

    ``authentication`` is what a terminal must be able to do: SDA, DDA, CDA, or empty.
    """

    instance_aid: bytes
    records: tuple[tuple[int, int, bytes], ...] = field(repr=False)
    authentication: str


@dataclass(frozen=True, slots=True)
class ComposedChip:
    """A whole chip.

    Attributes:
        kmc: label of the chip's transport key.
        applications: in the order to install them; directories come last.
        recipes: of those that have keys.
        inspected: of all.
    """

    kmc: str
    applications: tuple[ChipApplication, ...]
    recipes: tuple[ApplicationRecipe, ...]
    inspected: tuple[InspectedApplication, ...]


def compose_chip(draft: Draft, account: Account, profiles: Mapping[str, Profile]) -> ComposedChip:
    """Return the chip of a card whose product has several applications.

    Args:
        draft: The card's data.
        account: Its account and verification values.
        profiles: By name and version; all that the product names are there.

    Raises:
        RefusedError: The card's values are none that its application can hold.
    """
    chip = draft.product.chip
    assert isinstance(chip, ApplicationsChip), "products of one application have no profiles"
    try:
        built = [
            (item, _built(draft, account, item, profiles[item.profile]))
            for item in chip.applications
        ]
        lists = list(directories(chip, profiles))
    except EmvError as error:
        raise RefusedError(error.code, str(error)) from None
    return ComposedChip(
        kmc=chip.kmc,
        applications=(
            *(_installed(item.module_aid, made.aid, made.dgis) for item, made in built),
            *(_installed(chip.directory_aid or b"", aid, dgis) for aid, dgis in lists),
        ),
        recipes=tuple(_recipe(draft, item, profiles[item.profile], made) for item, made in built),
        inspected=(
            *(_inspected(made.aid, made.dgis, made.authentication) for _, made in built),
            *(_inspected(aid, dgis) for aid, dgis in lists),
        ),
    )


def _built(draft: Draft, account: Account, item: Application, profile: Profile) -> EmvApplication:
    return build(profile, card_values(draft, account, item.track2), item.instance_aid)


def directories(
    chip: ApplicationsChip, profiles: Mapping[str, Profile]
) -> Iterator[tuple[bytes, tuple[Dgi, ...]]]:
    """Yield the name and the groupings of each directory that the product wants.

    Raises:
        EmvError: DIRECTORY_LENGTH.
    """
    listed = [Listed(item.instance_aid, profiles[item.profile]) for item in chip.applications]
    if "PSE" in chip.directories:
        yield PSE, pse_groupings(listed)
    if "PPSE" in chip.directories:
        yield PPSE, ppse_groupings(listed)


def _installed(module_aid: bytes, aid: bytes, dgis: Iterable[Dgi]) -> ChipApplication:
    return ChipApplication(module_aid, aid, tuple(dgi.encode() for dgi in dgis))


def _recipe(
    draft: Draft, item: Application, profile: Profile, made: EmvApplication
) -> ApplicationRecipe:
    return ApplicationRecipe(
        instance_aid=made.aid,
        masters={usage: label_of(draft.issuer, label) for usage, label in item.keys.items()},
        derivation=item.derivation,
        offline_pin=item.pin,
        pin_tries=(profile.pin_try_limit or 0) if item.pin else 0,
        issuer_key=label_of(draft.issuer, item.issuer_key) if item.issuer_key else "",
        authentication=made.authentication,
        contactless_authentication=made.contactless_authentication,
    )


def _inspected(
    aid: bytes, dgis: Iterable[Dgi], authentication: OfflineAuthentication | None = None
) -> InspectedApplication:
    return InspectedApplication(
        aid,
        # A grouping that is a record is named by its file and number (CPS 1.1).
        tuple(
            (dgi.id >> 8, dgi.id & 0xFF, dgi.value)
            for dgi in dgis
            if 1 <= dgi.id >> 8 <= _LAST_RECORD_FILE
        ),
        authentication.method.value if authentication else "",
    )
