"""Contradictions of a card: among its applications, in its directories, with its service code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from cardwright.emv.errors import EmvError
from cardwright.emv.lint import Finding, lint
from cardwright.emv.lint_cardholder import offline_pin
from cardwright.emv.lint_finding import error, warning
from cardwright.emv.profile import Profile
from cardwright.emv.profile_bits import USAGE_CONTROL
from cardwright.emv.selection import Listed, ppse_groupings, pse_groupings
from cardwright.iso.tracks import ServiceCode

__all__ = ["CardApplication", "CardDesign", "lint_card"]

_MASTER_KEYS: Final = ("MK-AC", "MK-SMI", "MK-SMC")
_DERIVATIONS: Final = {5: "B", 6: "C"}  # of EMV's own cryptogram versions
_INTERNATIONAL, _NATIONAL = "12", "56"  # first digits of a service code
_PURCHASE_ONLY, _CASH_MACHINE_ONLY, _CASH_ONLY, _PIN_REQUIRED = "257", "3", "4", "035"


@dataclass(frozen=True, slots=True)
class CardApplication:
    """An application as a product has it on a card.

    Attributes:
        aid: of the instance.
        profile: what it is.
        keys: usages that a master key is named for.
        derivation: how card keys derive: option A, B or C.
        issuer_key: an issuer's key is named that signs its certificates.
        pin: the card gets a PIN to compare.
    """

    aid: bytes
    profile: Profile
    keys: frozenset[str]
    derivation: str
    issuer_key: bool
    pin: bool


@dataclass(frozen=True, slots=True)
class CardDesign:
    """A card's chip: applications, which directories list them, and the stripe's service code."""

    applications: tuple[CardApplication, ...]
    pse: bool
    ppse: bool
    service_code: ServiceCode


def lint_card(card: CardDesign) -> list[Finding]:
    """Return what contradicts itself on a card: in each profile, and among them."""
    findings = [*_names(card.applications), *_directories(card)]
    for application in card.applications:
        findings += (
            replace(finding, where=f"{application.profile.reference}: {finding.where}")
            for finding in (*lint(application.profile), *_application(application, card))
        )
    return findings


def _names(applications: Sequence[CardApplication]) -> Iterator[Finding]:
    where, aids = "chip.applications", sorted(item.aid for item in applications)
    for shorter, longer in pairwise(aids):
        if longer.startswith(shorter):
            yield error(
                "AID_AMBIGUOUS",
                where,
                f"Selecting {shorter.hex().upper()} may select {longer.hex().upper()} too "
                "(Book 1, 12.3.1)",
            )
    priorities = [item.profile.priority for item in applications if item.profile.priority]
    if len(set(priorities)) < len(priorities):
        yield warning("PRIORITY_TWICE", where, "Two applications have one priority (Book 1, 12.4)")


def _directories(card: CardDesign) -> Iterator[Finding]:
    where = "chip.directories"
    listed = [Listed(item.aid, item.profile) for item in card.applications]
    contactless = any(item.profile.contactless for item in card.applications)
    if contactless and not card.ppse:
        yield error(
            "CONTACTLESS_WITHOUT_PPSE", where, "A contactless terminal finds nothing without PPSE"
        )
    if card.ppse and not contactless:
        yield error("PPSE_WITHOUT_CONTACTLESS", where, "No application is contactless")
    try:
        pse_groupings(listed)
        ppse_groupings(listed)
    except EmvError as fault:
        yield error(fault.code, where, str(fault))


def _application(item: CardApplication, card: CardDesign) -> Iterator[Finding]:
    profile = item.profile
    if not item.aid.startswith(profile.aid):
        yield error("AID_FAMILY", "instance_aid", "It must begin with the profile's AID")
    missing = [usage for usage in _MASTER_KEYS if usage not in item.keys]
    if missing:
        yield error("KEY_MISSING", "keys", f"No master key is named for {', '.join(missing)}")
    wanted = _DERIVATIONS.get(profile.cryptogram.version if profile.cryptogram else 0, "AB")
    if item.derivation not in wanted:
        yield error(
            "DERIVATION",
            "derivation",
            f"The profile's cryptogram version takes option {' or '.join(wanted)} (Book 2, A1.4)",
        )
    if profile.authentication is not None and not item.issuer_key:
        yield error("ISSUER_KEY_MISSING", "issuer_key", "Certificates need the issuer's key")
    if profile.authentication is None and item.issuer_key:
        yield warning("ISSUER_KEY_UNUSED", "issuer_key", "The profile has no certificates")
    if offline_pin(profile) and not item.pin:
        yield error("PIN_MISSING", "pin", "The card is to compare a PIN, and the product has none")
    if item.pin and not offline_pin(profile):
        yield error("PIN_UNUSED", "pin", "No rule of the profile has the card compare a PIN")
    yield from _service_code(profile, card.service_code)


def _service_code(profile: Profile, code: ServiceCode) -> Iterator[Finding]:
    """Compare the stripe's service code (ISO/IEC 7813) with what the chip says."""

    def may(*names: str) -> bool:
        return USAGE_CONTROL.has(profile.usage_control, *names)

    where, interchange, services = "payment.service_code", code.digits[0], code.digits[2]
    cash = may("domestic_cash", "international_cash")
    purchase = may(
        "domestic_goods", "international_goods", "domestic_services", "international_services"
    )
    abroad = may("international_cash", "international_goods", "international_services")
    if not code.has_chip:
        yield error("SERVICE_CODE_CHIP", where, "The stripe tells no terminal to use the chip")
    if interchange in (_NATIONAL if abroad else _INTERNATIONAL):
        yield error("SERVICE_CODE_USAGE", where, "Stripe and usage control differ about use abroad")
    if (cash and services in _PURCHASE_ONLY) or (
        purchase and services in {_CASH_MACHINE_ONLY, _CASH_ONLY}
    ):
        yield error(
            "SERVICE_CODE_USAGE", where, "The stripe forbids a service that usage control allows"
        )
    pins = any(
        method.pin
        for interface in profile.interfaces
        if (cvm := profile.settings(interface).cvm) is not None
        for method in cvm.methods()
    )
    if services in _PIN_REQUIRED and not pins:
        yield error(
            "SERVICE_CODE_PIN", where, "The stripe requires a PIN, and no rule asks for one"
        )
