"""Contradictions of cardholder verification: the rules, the PIN and the keys that they need."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.emv.lint_finding import Finding, error, warning
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP
from cardwright.emv.profile_cvm import Condition, CvmList, CvmMethod

__all__ = ["lint_cardholder", "offline_pin"]

_OF_X = frozenset({Condition.UNDER_X, Condition.OVER_X})
_OF_Y = frozenset({Condition.UNDER_Y, Condition.OVER_Y})


def offline_pin(profile: Profile) -> bool:
    """Whether the card compares a PIN, by the rules of any interface."""
    lists = (profile.settings(interface).cvm for interface in profile.interfaces)
    return any(method.offline_pin for cvm in lists if cvm for method in cvm.methods())


def lint_cardholder(profile: Profile) -> Iterator[Finding]:
    """Check each interface's rules against its AIP, and PINs against what the card has."""
    for interface in profile.interfaces:
        where, settings = f"{interface.value}.cvm", profile.settings(interface)
        promised = AIP.has(settings.aip, "cardholder_verification")
        if promised and settings.cvm is None:
            yield error("CVM_MISSING", where, "The AIP promises verification, and there is no list")
        elif settings.cvm is not None and not promised:
            yield error(
                "CVM_NOT_IN_AIP",
                where,
                "A terminal leaves a list alone that the AIP does not promise",
            )
        if settings.cvm is not None:
            yield from _amounts(settings.cvm, where)
            yield from _order(settings.cvm, where)
            yield from _keys(profile, settings.cvm, interface)
    if profile.pin_try_limit is not None and not offline_pin(profile):
        yield warning("PIN_UNUSED", "pin_try_limit", "No rule has the card compare a PIN")


def _amounts(cvm: CvmList, where: str) -> Iterator[Finding]:
    conditions = {rule.condition for rule in cvm.rules}
    for name, amount, uses in (("x", cvm.x, _OF_X), ("y", cvm.y, _OF_Y)):
        if uses & conditions and not amount:
            yield error(
                "CVM_AMOUNT", f"{where}.{name}", "A rule compares with an amount of nothing"
            )
        if amount and not uses & conditions:
            yield warning("CVM_AMOUNT", f"{where}.{name}", "No rule compares with this amount")


def _order(cvm: CvmList, where: str) -> Iterator[Finding]:
    for number, rule in enumerate(cvm.rules, 1):
        ends = rule.condition is Condition.ALWAYS and (
            not rule.then_next or rule.method is CvmMethod.FAIL
        )
        if ends and number < len(cvm.rules):
            yield warning(
                "CVM_UNREACHABLE",
                f"{where}.rules",
                f"No terminal goes beyond rule {number} (Book 3, 10.5)",
            )
        if rule.method is CvmMethod.FAIL and rule.then_next:
            yield warning(
                "CVM_FAIL_CONTINUES",
                f"{where}.rules",
                f"Rule {number} fails, and terminals ignore that another follows "
                "(Book 3, 10.5, note 13)",
            )
    if cvm.rules[-1].then_next:
        yield warning("CVM_LAST_CONTINUES", f"{where}.rules", "The last rule has none to follow it")


def _keys(profile: Profile, cvm: CvmList, interface: Interface) -> Iterator[Finding]:
    where, methods = f"{interface.value}.cvm", cvm.methods()
    if profile.pin_try_limit is None and any(method.offline_pin for method in methods):
        yield error(
            "PIN_MISSING", where, "The card is to compare a PIN, and `pin_try_limit` gives it none"
        )
    keys = profile.authentication
    if any(method.enciphered for method in methods) and (
        keys is None or (keys.icc_bits is None and keys.pin_bits is None)
    ):
        yield error(
            "PIN_KEY_MISSING",
            where,
            "A PIN is to come enciphered, and the card has no key for it (Book 2, 7.1)",
        )
    asked = profile.settings(interface).cdol1.tags
    if any(method.offline_pin for method in methods) and 0x9F34 not in asked:
        yield warning(
            "CDOL1_WITHOUT_CVM_RESULTS",
            f"{interface.value}.cdol1",
            "Without 9F34 the issuer can't tell whether the terminal believes in a PIN that the "
            "card never saw",
        )
