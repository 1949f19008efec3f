"""The sections of the vault, and what an error about one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SECTIONS", "VaultError", "statement"]

SECTIONS: Final = (
    "request",
    "print",
    "stripe",
    "chip",
    "keys",
    "chip_keys",
    "certificates",
    "inspection",
    "pin",
    "mailer",
)
"""Every section; each has a key of its own, a table of rows and a table of data keys."""


class VaultError(Exception):
    """A section can't be read or written.

    Attributes:
        code: SECTION_UNKNOWN, or SEALED_MALFORMED for what is no blob with its data key.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def statement(statements: Mapping[str, str], section: str) -> str:
    """Return a section's SQL.

    Raises:
        VaultError: SECTION_UNKNOWN.
    """
    try:
        return statements[section]
    except KeyError:
        raise VaultError("SECTION_UNKNOWN", f"There is no section {section!r}.") from None
