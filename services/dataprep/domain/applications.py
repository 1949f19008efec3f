"""A card's chip: what each application holds, what its keys are made of, what should be read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from cardwright.access.an10922 import diversification_input
from cardwright.access.wiegand import Credential, pack
from cardwright.emv.application import EmvApplication, build
from cardwright.emv.card_values import CardValues
from cardwright.emv.dgi import Dgi
from cardwright.emv.profile import Profile
from cardwright.emv.records import build_records
from cardwright.emv.selection import PPSE, PSE, Listed, ppse_groupings, pse_groupings
from cardwright.iso import tlv
from cardwright.iso.tracks import ServiceCode
from cardwright.secret import SecretText
from services.dataprep.chips import (
    PROTECTED_FILE,
    Application,
    ApplicationsChip,
    BadgeChip,
    EmvChip,
    Source,
)
from services.dataprep.domain.account import Account
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.sections import (
    ApplicationRecipe,
    ChipApplication,
    InspectedApplication,
)

__all__ = [
    "ComposedChip",
    "applications_chip",
    "badge_chip",
    "card_values",
    "directories",
    "single_chip",
]

_LAST_RECORD_FILE = 30
_DGI_FCI = 0x9102
_FCI_PROPRIETARY, _APPLICATION_LABEL = 0xA5, 0x50
_CRYPTOGRAMS, _INTEGRITY = "MK-AC", "MK-SMI"


@dataclass(frozen=True, slots=True)
class ComposedChip:
    """A whole chip.

    Attributes:
        applications: in the order to install them; directories come last.
        recipes: of those that have keys.
        inspected: of all.
    """

    applications: tuple[ChipApplication, ...]
    recipes: tuple[ApplicationRecipe, ...]
    inspected: tuple[InspectedApplication, ...]

    @property
    def imk_ac(self) -> str:
        """Label of the master key for cryptograms of the first application that has one."""
        return next((r.masters[_CRYPTOGRAMS] for r in self._paying), "")

    @property
    def imk_smi(self) -> str:
        """Label of that application's master key for messages' integrity."""
        return next((r.masters.get(_INTEGRITY, "") for r in self._paying), "")

    @property
    def derivation(self) -> str:
        """How that application's key derives from it."""
        return next((r.derivation for r in self._paying), "")

    @property
    def _paying(self) -> Iterator[ApplicationRecipe]:
        return (recipe for recipe in self.recipes if _CRYPTOGRAMS in recipe.masters)


def card_values(
    draft: Draft, account: Account, track2: str, verification: Mapping[str, str]
) -> CardValues:
    """Return what a payment card has for itself.

    Args:
        draft: the card's data.
        account: its account and verification values.
        track2: discretionary part of track 2 equivalent data, ``{icvv}`` within.
        verification: what ``{pvki}``, ``{pvv}`` or ``{offset}`` in it stand for.
    """
    assert draft.product.payment is not None, "only payment cards have accounts"
    discretionary = track2.format(icvv=account.icvv.reveal(), **verification)
    return CardValues(
        pan=account.pan,
        psn=account.sequence_number,
        expiry=account.expiry,
        effective=draft.today,
        service_code=ServiceCode(draft.product.payment.service_code),
        track2_discretionary=SecretText(discretionary),
        stripe_name=draft.names.stripe,
    )


def applications_chip(
    draft: Draft,
    account: Account,
    chip: ApplicationsChip,
    profiles: Mapping[str, Profile],
    verification: Mapping[str, str],
) -> ComposedChip:
    """Return a chip of several applications and the directories that list them.

    Args:
        draft: the card's data.
        account: its account and verification values.
        chip: as the product has it.
        profiles: by name and version; all that the product names are there.
        verification: as of ``card_values``.

    Raises:
        EmvError: The card's values are none that its application can hold.
    """
    built = [
        (
            item,
            build(
                profiles[item.profile],
                card_values(draft, account, item.track2, verification),
                item.instance_aid,
            ),
        )
        for item in chip.applications
    ]
    lists = list(directories(chip, profiles))
    return ComposedChip(
        applications=(
            *(_installed(item.module_aid, made.aid, made.dgis) for item, made in built),
            *(_installed(chip.directory_aid or b"", aid, dgis) for aid, dgis in lists),
        ),
        recipes=tuple(_recipe(draft, item, profiles[item.profile], made) for item, made in built),
        inspected=(
            *(_paying(made, profiles[item.profile]) for item, made in built),
            *(_inspected(aid, dgis) for aid, dgis in lists),
        ),
    )


def single_chip(
    draft: Draft, account: Account, chip: EmvChip, verification: Mapping[str, str]
) -> ComposedChip:
    """Return a chip of one application that authorises on line: cards of version 1.

    Raises:
        EmvError: As ``applications_chip``.
    """
    values = card_values(draft, account, chip.track2, verification)
    made = build(chip.profile, values, chip.instance_aid)
    recipe = ApplicationRecipe(chip.instance_aid, _product_masters(draft), derivation="A")
    return ComposedChip(
        (_installed(chip.module_aid, made.aid, made.dgis),),
        (recipe,),
        (_paying(made, chip.profile),),
    )


def badge_chip(
    draft: Draft, chip: BadgeChip, fields: Mapping[Source, str], credential: Credential | None
) -> ComposedChip:
    """Return a badge's chip: records to read, and a key to answer with.

    Raises:
        EmvError: RECORD_LENGTH: the texts are longer than a record.
    """
    values: dict[Source, bytes] = {source: text.encode() for source, text in fields.items()}
    if credential is not None:
        values["credential_bits"] = pack(credential.bits())
    records = build_records(
        (
            record.sfi,
            record.number,
            [(int(tag, 16), values[source]) for tag, source in record.objects.items()],
        )
        for record in chip.records
    )
    label = tlv.encode(_APPLICATION_LABEL, chip.label.encode())
    fci = Dgi(_DGI_FCI, tlv.encode(_FCI_PROPRIETARY, label))
    recipe = ApplicationRecipe(
        chip.instance_aid,
        _product_masters(draft),
        derivation="",
        badge_diversifier=_badge_diversifier(draft, chip),
    )
    free = [dgi for dgi in records if dgi.id >> 8 < PROTECTED_FILE]
    return ComposedChip(
        (_installed(chip.module_aid, chip.instance_aid, (*records, fci)),),
        (recipe,),
        (_inspected(chip.instance_aid, free),),
    )


def _badge_diversifier(draft: Draft, chip: BadgeChip) -> bytes:
    """Return what a reader joins as well: card id, application and system (AN10922, 2.2).

    The note's UID is the card's id, of which a free record tells: the chip's own serial number is
    not known before a blank is taken.
    """
    return diversification_input(
        uuid.UUID(draft.card_id).bytes, chip.instance_aid, chip.system_identifier.encode()
    )


def _product_masters(draft: Draft) -> dict[str, str]:
    return {usage: draft.label(template) for usage, template in draft.product.keys.items()}


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
        masters={usage: draft.label(label) for usage, label in item.keys.items()},
        derivation=item.derivation,
        offline_pin=item.pin,
        pin_tries=(profile.pin_try_limit or 0) if item.pin else 0,
        issuer_key=draft.label(item.issuer_key) if item.issuer_key else "",
        authentication=made.authentication,
        contactless_authentication=made.contactless_authentication,
    )


def _paying(made: EmvApplication, profile: Profile) -> InspectedApplication:
    return replace(
        _inspected(made.aid, made.dgis),
        authentication=made.authentication.method.value if made.authentication else "",
        afl=made.afl,
        aip=profile.contact.aip,
    )


def _inspected(aid: bytes, dgis: Iterable[Dgi]) -> InspectedApplication:
    return InspectedApplication(
        aid,
        # A grouping that is a record is named by its file and number (CPS 1.1).
        tuple(
            (dgi.id >> 8, dgi.id & 0xFF, dgi.value)
            for dgi in dgis
            if 1 <= dgi.id >> 8 <= _LAST_RECORD_FILE
        ),
    )
