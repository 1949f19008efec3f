"""Card action analysis: which cryptogram the card gives (EMV 4.4 Book 3, chapter 9 and 10.8).

Without a lower limit (9F14) the card goes online whenever it is not declined; without an upper
limit (9F23) it declines what can't go online.
"""

from __future__ import annotations

from cardwright.chip.emv.profile import Profile
from cardwright.chip.emv.registers import Registers
from cardwright.chip.emv.results import Kind
from cardwright.chip.emv.transaction import Verdict

__all__ = ["exceeds", "first_kind", "second_kind"]


def exceeds(offline: int, limit: int | None) -> bool:
    """Whether one more offline transaction would go beyond the limit."""
    return limit is not None and offline >= limit


def first_kind(requested: Kind, profile: Profile, registers: Registers) -> Kind:
    """The answer to the first GENERATE AC: never more than requested."""
    if registers.invalidated or requested is Kind.AAC:
        return Kind.AAC
    if requested is Kind.ARQC or _wants_online(profile, registers):
        return Kind.ARQC
    return Kind.TC


def second_kind(
    requested: Kind,
    profile: Profile,
    registers: Registers,
    *,
    online: bool,
    verdict: Verdict,
    approved: bool,
) -> Kind:
    """The answer to the second GENERATE AC.

    Args:
        requested: TC or AAC.
        profile: limits and options.
        registers: the counters.
        online: the terminal had the issuer's answer.
        verdict: whether the issuer proved itself.
        approved: nothing in its answer forbids a TC.
    """
    if registers.invalidated or requested is Kind.AAC:
        return Kind.AAC
    if not online:
        limit = profile.upper_limit
        return Kind.AAC if limit is None or exceeds(registers.offline, limit) else Kind.TC
    if verdict is Verdict.NOT_PERFORMED:
        return Kind.AAC if profile.issuer_authentication_mandatory else Kind.TC
    return Kind.TC if verdict is Verdict.PASSED and approved else Kind.AAC


def _wants_online(profile: Profile, registers: Registers) -> bool:
    limit = profile.lower_limit
    return (
        limit is None
        or exceeds(registers.offline, limit)
        or any((registers.online_pending, registers.go_online, registers.issuer_failed))
    )
