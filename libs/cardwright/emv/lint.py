"""What is wrong with a profile, though each of its values is well formed."""

from __future__ import annotations

from collections.abc import Iterator

from cardwright.emv.errors import EmvError
from cardwright.emv.lint_authentication import lint_authentication
from cardwright.emv.lint_cardholder import lint_cardholder
from cardwright.emv.lint_dol import lint_dol
from cardwright.emv.lint_finding import Finding, Severity, error
from cardwright.emv.lint_restrictions import lint_restrictions
from cardwright.emv.plan import plan
from cardwright.emv.profile import Profile

__all__ = ["Finding", "Severity", "lint"]


def lint(profile: Profile) -> list[Finding]:
    """Return what contradicts itself in a profile; nothing where it is sound."""
    return [
        *lint_authentication(profile),
        *lint_cardholder(profile),
        *lint_dol(profile),
        *lint_restrictions(profile),
        *_layout(profile),
    ]


def _layout(profile: Profile) -> Iterator[Finding]:
    try:
        plan(profile)
    except EmvError as fault:
        yield error(fault.code, "records", str(fault))
