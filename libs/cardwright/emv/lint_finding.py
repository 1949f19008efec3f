"""What a linter says of a profile or a card."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Severity", "error", "warning"]


class Severity(Enum):
    """An error keeps a product from being loaded; a warning is for a person to weigh."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction.

    Attributes:
        code: UPPER_SNAKE, stable across releases; all are in docs/emv-profiles.md.
        message: what was found, why it matters, and where EMV says so.
        where: the profile's or product's key, such as ``contact.cdol1``.
        severity: whether it can stay.
    """

    code: str
    message: str
    where: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.severity.value} {self.code} at {self.where}: {self.message}"


def error(code: str, where: str, message: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(code, message, where)


def warning(code: str, where: str, message: str) -> Finding:
    """Return a finding that may be meant."""
    return Finding(code, message, where, Severity.WARNING)
