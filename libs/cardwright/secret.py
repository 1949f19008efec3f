"""Values that must never reach a log, a trace, an error or a repr.

A secret compares in constant time, hashes like nothing (it is unhashable, so it cannot become a
dictionary key that somebody prints) and refuses to be pickled. The one way in is ``reveal()``,
which makes every use of a clear value easy to find in a review.
"""

from __future__ import annotations

import hmac
from typing import NoReturn

__all__ = ["SecretBytes", "SecretText"]


class SecretBytes:
    """Octets that do not print: a key, a PIN block, a chip record with cardholder data."""

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # an unhashable secret can't be a dict key or label

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """Return the clear octets. Keep the result in the narrowest scope you can."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretBytes):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<{len(self._value)} octets>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not pickle: that would leave clear octets")


class SecretText:
    """Characters that do not print: a PAN, a track, a name."""

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # an unhashable secret can't be a dict key or label

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the clear text. Keep the result in the narrowest scope you can."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretText):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<{len(self._value)} characters>)"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not pickle: that would leave clear text")
