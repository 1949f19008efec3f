"""Is this identifier opaque, or does it hold an account number?

A request id travels in the clear: as message key, in events, in logs. So an id that could be a PAN
(ISO/IEC 7812-1: 12 to 19 digits, the last one a Luhn check digit) must not travel at all. One in
ten numbers passes Luhn by chance; issuers avoid the question with a UUID, which is let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cardwright.iso import luhn

__all__ = ["holds_pan"]

_SHORTEST, _LONGEST = 12, 19

# RFC 9562: version 1 to 8, variant 10. Its random digits can pass Luhn and mean nothing.
_UUID = re.compile(
    r"(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"(?![0-9a-z])",
    re.IGNORECASE,
)
_RUN = re.compile(r"[0-9]{12,}")
# As people write and print a number: fours with a rest, or 4-6-5, with one separator throughout.
_GROUPED = re.compile(
    r"(?<![0-9])(?:[0-9]{4}([-._ ])[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,4}(?:\1[0-9]{1,3})?)?"
    r"|[0-9]{4}([-._ ])[0-9]{6}\2[0-9]{5})(?![0-9])"
)
_SEPARATORS = str.maketrans("", "", "-._ ")


def holds_pan(text: str) -> bool:
    """Tell whether ``text`` holds 12 to 19 digits, bare or grouped, that pass Luhn.

    In a longer run of digits every window of 12 to 19 is looked at.

    >>> holds_pan("order-9999990000000006"), holds_pan("9999-9900-0000-0006")
    (True, True)
    >>> holds_pan("order-9999990000000007")
    False
    """
    rest = _UUID.sub("|", text)
    return any(map(luhn.is_valid, _candidates(rest)))


def _candidates(text: str) -> Iterator[str]:
    for match in _GROUPED.finditer(text):
        yield match[0].translate(_SEPARATORS)
    for match in _RUN.finditer(text):
        yield from _windows(match[0])


def _windows(run: str) -> Iterator[str]:
    if len(run) <= _LONGEST:
        yield run
        return
    for length in range(_SHORTEST, _LONGEST + 1):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]
