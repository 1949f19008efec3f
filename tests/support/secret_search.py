"""Looks for values in octets, in every notation in which software is likely to spill them."""

from __future__ import annotations

import base64
import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.protobuf.text_encoding import CEscape

__all__ = ["SHORTEST", "Hit", "Secret", "SecretSearch", "notations"]

SHORTEST = 7
"""Octets. What is shorter occurs by chance: search it in its context, or not at all."""

_WORD = 4
_CHUNK = 1 << 20
_DIGITS = frozenset(b"0123456789")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be found; ``name`` says what it is without telling it."""

    name: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A secret that was found."""

    where: str
    name: str
    notation: str


def notations(value: bytes) -> dict[str, bytes]:
    """Return ``value`` in every notation, by its name; those that would be too short are missing.

    Digits are also packed as BCD, where they may begin with either nibble.
    """
    made = _of_octets("", value)
    if value.isascii() or _is_text(value):
        text = value.decode()
        made |= {"utf-16-le": text.encode("utf-16-le"), "utf-16-be": text.encode("utf-16-be")}
    if len(value) > SHORTEST * 2 and set(value) <= _DIGITS:
        digits = value.decode()
        for name, cut in (("bcd ", digits), ("bcd odd ", digits[1:])):
            made |= _of_octets(name, bytes.fromhex(cut[: len(cut) // 2 * 2]))
    return {name: pattern for name, pattern in made.items() if len(pattern) >= SHORTEST}


def _of_octets(prefix: str, value: bytes) -> dict[str, bytes]:
    made = {
        "raw": value,
        "hex": value.hex().encode(),
        "HEX": value.hex().upper().encode(),
        "repr": repr(value)[2:-1].encode(),
        "protobuf text": CEscape(value, as_utf8=False).encode(),
        "octets as JSON": json.dumps(list(value), separators=(",", ":"))[1:-1].encode(),
        "octets as list": repr(list(value))[1:-1].encode(),
    }
    for offset in range(3):
        made[f"base64+{offset}"] = _base64(value, offset, base64.b64encode)
        made[f"base64url+{offset}"] = _base64(value, offset, base64.urlsafe_b64encode)
    return {prefix + name: pattern for name, pattern in made.items()}


def _base64(value: bytes, offset: int, encode: object) -> bytes:
    """Return the characters that depend on nothing but ``value``, ``offset`` octets into a text."""
    assert callable(encode)
    first, last = -(-offset * 8 // 6), (offset + len(value)) * 8 // 6
    encoded: bytes = encode(bytes(offset) + value)
    return encoded[first:last]


def _is_text(value: bytes) -> bool:
    try:
        return value.decode().isprintable()
    except UnicodeDecodeError:
        return False


class SecretSearch:
    """Finds thousands of patterns in a hundred megabytes within seconds.

    Wherever a pattern of seven octets or more lies, its last seven cover one whole word of four
    octets, aligned as the data are. So the data's words, as a set, tell the few patterns that can
    be there, and only those are looked for.

    Raises:
        ValueError: A secret is too short to be told from chance.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._patterns: dict[bytes, list[tuple[Secret, str]]] = defaultdict(list)
        self._by_word: dict[int, set[bytes]] = defaultdict(set)
        self._longest = 0
        for secret in secrets:
            if len(secret.value) < SHORTEST:
                raise ValueError(f"{secret.name} is too short to be searched for")
            for notation, pattern in notations(secret.value).items():
                self._add(secret, notation, pattern)

    def _add(self, secret: Secret, notation: str, pattern: bytes) -> None:
        self._patterns[pattern].append((secret, notation))
        self._longest = max(self._longest, len(pattern))
        for back in range(SHORTEST, _WORD - 1, -1):
            start = len(pattern) - back
            for word in array("I", pattern[start : start + _WORD]):
                self._by_word[word].add(pattern)

    def find(self, where: str, data: bytes) -> Iterator[Hit]:
        """Yield what is in ``data``, a hit a secret and notation."""
        seen: set[bytes] = set()
        # Servers set files aside in megabytes of zeros; a pattern may end with a few of them.
        data = data[: len(data.rstrip(b"\0")) + self._longest]
        for start in range(0, len(data), _CHUNK):
            # A chunk begins early enough to hold what lies across the border.
            chunk = data[max(0, start - self._longest) : start + _CHUNK]
            seen |= {pattern for pattern in self._candidates(chunk) if pattern in chunk}
        for pattern in seen:
            for secret, notation in self._patterns[pattern]:
                yield Hit(where, secret.name, notation)

    def _candidates(self, chunk: bytes) -> set[bytes]:
        words = set(array("I", chunk[: len(chunk) // _WORD * _WORD]))
        # The last octets may be no whole word of their own: look at the end once more.
        tail = chunk[-SHORTEST:]
        for at in range(len(tail) - _WORD + 1):
            words |= set(array("I", tail[at : at + _WORD]))
        return {pattern for word in words & self._by_word.keys() for pattern in self._by_word[word]}
