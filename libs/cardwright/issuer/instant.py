"""A point in time as request files write it: RFC 3339, or relative to now so that it stays true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Instant"]

_RELATIVE = re.compile(r"now(?:([+-])([0-9]{1,5})d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instant:
    """An absolute time, or an offset from now.

    Attributes:
        absolute: the time in UTC; None when relative.
        offset: distance from now; zero when absolute.
    """

    absolute: datetime | None
    offset: timedelta = timedelta()

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Read ``2031-04-30T12:00:00Z``, ``now``, ``now-10d`` or ``now+720d``.

        Raises:
            ValueError: anything else; the text is not repeated.
        """
        relative = _RELATIVE.fullmatch(text)
        if relative:
            sign, days = relative.groups(default="0")
            return cls(None, timedelta(days=int(days)) * (-1 if sign == "-" else 1))
        try:
            absolute = datetime.fromisoformat(text)
            if absolute.tzinfo is not None:
                return cls(absolute.astimezone(UTC))
        except (ValueError, OverflowError):
            pass
        raise ValueError("write a time with its zone (RFC 3339), or now, now-10d, now+720d")

    def resolve(self, now: datetime) -> datetime:
        """Return the time in UTC, given what now is (with its zone)."""
        return self.absolute or (now + self.offset).astimezone(UTC)
