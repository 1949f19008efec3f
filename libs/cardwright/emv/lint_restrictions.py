"""Contradictions of use, risk and action: usage control, issuer action codes, limits, currency."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.emv.dictionary import element
from cardwright.emv.lint_finding import Finding, error, warning
from cardwright.emv.plan_slots import authenticates, slots
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP, TVR, USAGE_CONTROL

__all__ = ["lint_restrictions"]

# ISO 4217: currencies without minor digits, and with three or four; all others have two.
_EXPONENTS = {
    code: exponent
    for exponent, codes in (
        (0, "108 152 174 262 324 352 392 410 548 600 646 704 800 940 950 952 953"),
        (3, "048 368 400 414 434 512 788"),
        (4, "927 990"),
    )
    for code in codes.split()
}


def lint_restrictions(profile: Profile) -> Iterator[Finding]:
    """Check what the card may be used for, and what terminals are told to do."""
    yield from _usage(profile.usage_control)
    for interface in profile.interfaces:
        yield from _actions(profile, interface)
    yield from _limits(profile)
    yield from _data_objects(profile)
    exponent = _EXPONENTS.get(profile.currency.code, 2)
    if profile.currency.exponent != exponent:
        yield error(
            "CURRENCY_EXPONENT",
            "currency.exponent",
            f"Currency {profile.currency.code} has {exponent} minor digits (ISO 4217)",
        )
    if len(set(profile.languages)) != len(profile.languages):
        yield error("LANGUAGE_TWICE", "languages", "A language is named twice")


def _usage(usage: bytes) -> Iterator[Finding]:
    def may(*names: str) -> bool:
        return USAGE_CONTROL.has(usage, *names)

    where = "usage_control"
    if any(USAGE_CONTROL.unnamed(usage)):
        yield error("USAGE_RESERVED", where, "Sets a bit that Book 3 table 42 reserves")
    if not may("atm", "other_terminals"):
        yield error("USAGE_NOWHERE", where, "Neither cash machines nor other terminals may take it")
    for area in ("domestic", "international"):
        if may(f"{area}_cashback") and not may(f"{area}_goods", f"{area}_services"):
            yield error(
                "USAGE_CASHBACK", where, f"Cashback comes with a purchase; none is {area} here"
            )
    cash = may("domestic_cash", "international_cash")
    purchase = may(
        "domestic_goods", "international_goods", "domestic_services", "international_services"
    )
    if not cash and not purchase:
        yield error("USAGE_NOTHING", where, "Neither cash nor a purchase is allowed")
    if may("atm") and purchase and not cash:
        yield warning("USAGE_ATM", where, "Cash machines may take it, and there is no cash in it")
    if purchase and not may("other_terminals"):
        yield warning("USAGE_ATM", where, "Purchases are allowed at cash machines alone")


def _actions(profile: Profile, interface: Interface) -> Iterator[Finding]:
    settings = profile.settings(interface)
    codes, where = settings.action_codes, f"{interface.value}.action_codes"
    for name in ("denial", "online", "default"):
        if any(TVR.unnamed(getattr(codes, name))):
            yield error(
                "ACTION_RESERVED", f"{where}.{name}", "Sets a bit that Book 3 table 46 reserves"
            )
    denied = set(TVR.names(codes.denial))
    hidden = denied & {*TVR.names(codes.online), *TVR.names(codes.default)}
    if hidden:
        yield error(
            "ACTION_DENIED_FIRST",
            f"{where}.denial",
            f"{', '.join(sorted(hidden))} is denied before the other codes are looked at "
            "(Book 3, 10.7)",
        )
    if "offline_data_authentication_not_performed" in denied and not authenticates(settings):
        yield error(
            "ACTION_DENIES_ALL",
            f"{where}.denial",
            "Denies what is not authenticated, and the application never is",
        )
    if "new_card" in denied:
        yield error(
            "ACTION_DENIES_ALL", f"{where}.denial", "A card's first payment is always denied"
        )
    heeded = denied | set(TVR.names(codes.online))
    dates = {"expired", "not_yet_effective"} - heeded
    if dates:
        yield warning(
            "ACTION_IGNORES_DATES",
            f"{where}.online",
            f"A card that is {' or '.join(sorted(dates))} may pay off line",
        )
    failures = {f"{m}_failed" for m in ("sda", "dda", "cda") if AIP.has(settings.aip, m)}
    if failures - heeded:
        yield warning(
            "ACTION_IGNORES_AUTHENTICATION",
            f"{where}.online",
            f"{', '.join(sorted(failures - heeded))}: a forged card may pay off line",
        )


def _limits(profile: Profile) -> Iterator[Finding]:
    limits = profile.offline_limits
    if limits is None:
        return
    if limits.lower > limits.upper:
        yield error(
            "OFFLINE_LIMITS", "offline_limits", "The lower limit exceeds the upper (Book 3, 10.6.3)"
        )
    if not AIP.has(profile.contact.aip, "terminal_risk_management"):
        yield warning(
            "OFFLINE_LIMITS",
            "offline_limits",
            "The AIP asks for no terminal risk management, which would look at them",
        )


def _data_objects(profile: Profile) -> Iterator[Finding]:
    """Look at data objects that the profile adds (Book 3, 10.2: none may be there twice)."""
    planned = {
        slot.tag for interface in profile.interfaces for slot in slots(
            profile.model_copy(update={"extra": {}}), interface
        )
    }  # fmt: skip
    for tag in profile.extra:
        if tag in planned:
            yield error("EXTRA_TWICE", "extra", f"{tag:X} is there already")
        elif not element(tag).in_record:
            yield error("EXTRA_NOT_IN_RECORD", "extra", f"{tag:X} is read from no record")
    for tag in profile.discretionary:
        if 0xBF0C not in element(tag).templates:
            yield error("DISCRETIONARY_TAG", "discretionary", f"{tag:X} has no place in BF0C")
