"""A product's chip as the EMV library knows one, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cardwright.emv.errors import EmvError
from cardwright.emv.lint import Finding
from cardwright.emv.lint_card import CardApplication, CardDesign, lint_card
from cardwright.emv.lint_finding import error
from cardwright.emv.plan import plan
from cardwright.emv.profile import Interface, Profile
from cardwright.iso.tracks import ServiceCode
from services.dataprep.chips import Application, ApplicationsChip, BadgeChip, EmvChip
from services.dataprep.products import Product

__all__ = ["lint"]

_ICC_EXPONENT = 3


def lint(product: Product, profiles: Mapping[str, Profile]) -> list[Finding]:
    """Return what contradicts itself in a product and in the profiles that it names.

    Args:
        product: Well formed.
        profiles: By name and version, ``emv-debit-cda/v1``.
    """
    chip = product.chip
    if isinstance(chip, BadgeChip):
        return []
    assert product.payment is not None, "products.py: an EMV chip has the payment section"
    service_code = ServiceCode(product.payment.service_code)
    if isinstance(chip, EmvChip):
        only = CardApplication(
            chip.instance_aid,
            chip.profile,
            frozenset(product.keys),
            derivation="A",
            issuer_key=False,
            pin=False,
        )
        return lint_card(CardDesign((only,), pse=False, ppse=False, service_code=service_code))
    unknown = sorted({item.profile for item in chip.applications} - profiles.keys())
    if unknown:
        return [
            error("PROFILE_MISSING", "chip.applications", f"There is no profile {name}")
            for name in unknown
        ]
    return [
        *_pin(product, chip),
        *_signatures(chip, profiles),
        *lint_card(
            CardDesign(
                tuple(_application(item, profiles[item.profile]) for item in chip.applications),
                pse="PSE" in chip.directories,
                ppse="PPSE" in chip.directories,
                service_code=service_code,
            )
        ),
    ]


def _pin(product: Product, chip: ApplicationsChip) -> Iterator[Finding]:
    compared = any(item.pin for item in chip.applications)
    if compared and product.pin is None:
        yield error("PIN_MISSING", "pin", "The chip is to compare a PIN, and the product has none")


def _signatures(chip: ApplicationsChip, profiles: Mapping[str, Profile]) -> Iterator[Finding]:
    """Find what the security module does not make: see ``vault/v1`` ApplicationRecipe."""
    for name in {item.profile for item in chip.applications}:
        profile = profiles[name]
        if profile.authentication and profile.authentication.icc_exponent != _ICC_EXPONENT:
            yield error("ICC_EXPONENT", name, "The card's own keys are made with exponent 3 alone")
        try:
            planned = plan(profile)
        except EmvError:
            continue  # the profile's own linter says it
        if any(r.certified and r.interfaces[0] is Interface.CONTACTLESS for r in planned.records):
            yield error(
                "SIGNED_APART",
                name,
                "Contactless signs other data than contact, and one set of certificates is made: "
                "let both interfaces have the same AIP and the same signed records",
            )


def _application(item: Application, profile: Profile) -> CardApplication:
    return CardApplication(
        item.instance_aid,
        profile,
        frozenset(item.keys),
        item.derivation,
        issuer_key=item.issuer_key is not None,
        pin=item.pin,
    )
