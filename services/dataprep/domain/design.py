"""A product's chip as the EMV library knows one, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from cardwright.emv.lint import Finding
from cardwright.emv.lint_card import CardApplication, CardDesign, lint_card
from cardwright.emv.lint_finding import error
from cardwright.emv.profile import Profile
from cardwright.iso.tracks import ServiceCode
from services.dataprep.chips import Application, BadgeChip, EmvChip
from services.dataprep.products import Product

__all__ = ["lint"]


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
    return lint_card(
        CardDesign(
            tuple(_application(item, profiles[item.profile]) for item in chip.applications),
            pse="PSE" in chip.directories,
            ppse="PPSE" in chip.directories,
            service_code=service_code,
        )
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
