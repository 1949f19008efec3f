"""Settings of erasure beyond those that all services share."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from cardwright.settings import FromEnvironment
from cardwright.vault.vault import SECTIONS
from services.retention.domain import Terms

__all__ = ["RetentionSettings"]

_ITEM = re.compile(r"(?P<section>[a-z_]+)=(?P<days>[0-9]+(\.[0-9]+)?)")


class RetentionSettings(FromEnvironment):
    """From CARDWRIGHT_RETENTION_DAYS, _RETENTION_SECTIONS, _ORPHAN_DAYS and _RETENTION_LOOK.

    Attributes:
        retention_days: how long sections are kept after personalization.
        retention_sections: sections that are kept otherwise, as "pin=1,mailer=7.5".
        orphan_days: how long rows of no card are kept; more than requests stay on their topic.
        retention_look: seconds between looks at what is due.
    """

    retention_days: Annotated[float, Field(ge=0)] = 30.0
    retention_sections: str = ""
    orphan_days: Annotated[float, Field(ge=0)] = 8.0
    retention_look: Annotated[float, Field(gt=0)] = 60.0

    @field_validator("retention_sections")
    @classmethod
    def _readable(cls, text: str) -> str:
        _sections(text)
        return text

    @property
    def terms(self) -> Terms:
        """For how long each section is kept."""
        days = {
            **dict.fromkeys(SECTIONS, self.retention_days),
            **_sections(self.retention_sections),
        }
        return Terms(
            {section: timedelta(days=kept) for section, kept in days.items()},
            timedelta(days=self.orphan_days),
        )


def _sections(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        match = _ITEM.fullmatch(item)
        if match is None or match["section"] not in SECTIONS:
            raise ValueError("write section=days, section=days")
        found[match["section"]] = float(match["days"])
    return found
