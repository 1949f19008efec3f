"""Times of an optional block: ISO 8601 in UTC, with or without delimiters (X9.143-2021, 6.3.6.13).

Four forms are read, ``20200818221218Z``, the same with hundredths, ``2020-08-18T22:12:18Z`` and the
same with ``.00`` before the Z; the first is written.
"""

from __future__ import annotations

import datetime as dt
import re

from cardwright.keyblock.errors import KeyBlockError

__all__ = ["encode_moment", "parse_moment"]

_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?Z", re.ASCII)
_EXTENDED = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{2}))?Z", re.ASCII)
_DROP_DELIMITERS = str.maketrans("", "", "-:T")


def parse_moment(data: str) -> dt.datetime:
    """Return the time that ``TC`` or ``TS`` holds, in UTC.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL for other forms and for days that no calendar has.
    """
    found = _BASIC.fullmatch(data) or _EXTENDED.fullmatch(data)
    if not found:
        raise KeyBlockError(
            "KEYBLOCK_OPTIONAL", "A time is ISO 8601 in UTC, such as its basic form"
        )
    year, month, day, hour, minute, second, hundredths = (int(part or 0) for part in found.groups())
    try:
        return dt.datetime(
            year, month, day, hour, minute, second, 10_000 * hundredths, tzinfo=dt.UTC
        )
    except ValueError:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A time names no day or no hour") from None


def encode_moment(moment: dt.datetime) -> str:
    """Return the data of ``TC`` or ``TS``, to the second.

    Args:
        moment: with its time zone.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL without a time zone.
    """
    if moment.tzinfo is None:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A time needs its zone to be told in UTC")
    extended = moment.astimezone(dt.UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return extended.translate(_DROP_DELIMITERS) + "Z"
