"""A proposal's parameters, read as what they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from cardwright.hsm.port import HsmError
from services.keymanagement.module.inventory.inventory import Terms
from services.keymanagement.module.keys import Algorithm, Usage

__all__ = ["Parameters"]

_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_LONGEST_LABEL: Final = 120
_RESERVED: Final = ("custodian/",)
_Choice = TypeVar("_Choice", bound=Enum)


class Parameters:
    """Reads parameters; each error is PROPOSAL_PARAMETER and names the one that is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, name: str) -> str:
        """Return a text, empty if it is not there."""
        return self._values.get(name, "")

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.get(name)
        if not value:
            raise _wrong(name, "is missing")
        return value

    def flag(self, name: str) -> bool:
        """Return whether something is asked for."""
        return self.get(name) == "yes"

    def number(self, name: str) -> int:
        """Return a count."""
        value = self.text(name)
        if not value.isdecimal() or not value.isascii():
            raise _wrong(name, "is no number")
        return int(value)

    def octets(self, name: str, length: int) -> bytes:
        """Return octets, written in hexadecimal."""
        try:
            value = bytes.fromhex(self.text(name))
        except ValueError:
            raise _wrong(name, "is not hexadecimal") from None
        if len(value) != length:
            raise _wrong(name, f"has not {length} octets")
        return value

    def moment(self, name: str) -> datetime | None:
        """Return a time with its zone, None if it is not there."""
        if not self.get(name):
            return None
        try:
            moment = datetime.fromisoformat(self.get(name))
        except ValueError:
            raise _wrong(name, "is no time such as 2031-01-31T00:00:00+00:00") from None
        if moment.tzinfo is None:
            raise _wrong(name, "lacks its time zone, e.g. +00:00")
        return moment

    def one_of(self, name: str, kind: type[_Choice], default: _Choice) -> _Choice:
        """Return one of a few values."""
        try:
            return kind(self.get(name)) if self.get(name) else default
        except ValueError:
            values = ", ".join(str(each.value) for each in kind)
            raise _wrong(name, f"is none of {values}") from None

    def label(self) -> str:
        """Return the label of a key to be made."""
        label = self.text("label")
        if not _LABEL.fullmatch(label) or len(label) > _LONGEST_LABEL:
            raise _wrong("label", "is no label such as acme/IMK-AC")
        if label.startswith(_RESERVED):
            raise _wrong("label", "is a custodian's: enrol them")
        return label

    def kind(self) -> tuple[Usage, Algorithm]:
        """Return purpose and algorithm; left out, the algorithm is the purpose's usual one."""
        try:
            usage = Usage(self.text("usage"))
        except ValueError:
            raise _wrong("usage", "is none: see the list of keys") from None
        if not self.get("algorithm"):
            return usage, usage.algorithms[0]
        try:
            return usage, Algorithm.parse(self.text("algorithm"))
        except ValueError:
            raise _wrong("algorithm", "is none such as TDES-112, AES-256 or RSA-1408/3") from None

    def terms(self, before: Terms | None = None) -> Terms:
        """Return what a key is kept under; of ``before`` whatever is not said anew."""
        terms = before or Terms(self.text("environment"), self.text("owner"))
        if self.get("activation"):
            terms = replace(terms, activation=self.moment("activation"))
        if self.get("expiry"):
            terms = replace(terms, expiry=self.moment("expiry"))
        return replace(terms, limit=self.number("limit")) if self.get("limit") else terms


def _wrong(name: str, what: str) -> HsmError:
    return HsmError("PROPOSAL_PARAMETER", f"The parameter {name} {what}.")
