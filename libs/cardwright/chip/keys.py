"""The security domain's keys: by version and identifier, added and replaced whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.crypto import aes_key_check_value, des_key_check_value

__all__ = ["DEK", "ENC", "MAC", "MAX_FAILURES", "Key", "KeySet", "KeyStore", "KeyType"]

ENC, MAC, DEK = 1, 2, 3
"""The key identifiers of a secure channel's static keys."""

MAX_FAILURES = 10
"""Failed authentications in a row after which a key set is blocked for good."""


class KeyType(IntEnum):
    """The coding of a key's algorithm (GP 2.3.1, 11.1.8)."""

    TDES = 0x80
    AES = 0x88


_LENGTHS = {KeyType.TDES: (16,), KeyType.AES: (16, 24, 32)}


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One key. Raises ``ValueError`` for a length that its algorithm does not have."""

    kind: KeyType
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) not in _LENGTHS[self.kind]:
            raise ValueError(f"{self.kind.name} has no keys of {len(self.value)} octets.")

    @property
    def check_value(self) -> bytes:
        """Three octets that tell keys apart (GP 2.3.1, B.6)."""
        check = des_key_check_value if self.kind is KeyType.TDES else aes_key_check_value
        return check(self.value)

    @property
    def protocol(self) -> int:
        """2 or 3, the secure channel protocol of its algorithm."""
        return 2 if self.kind is KeyType.TDES else 3

    def is_like(self, other: Key) -> bool:
        """Whether it has the other's algorithm and length."""
        return self.kind is other.kind and len(self.value) == len(other.value)


@dataclass(slots=True, repr=False)
class KeySet:
    """The keys of one version with the counters that outlive a power-down.

    Attributes:
        keys: key identifier to key.
        sequence: the secure channel's sequence counter.
        failures: failed authentications since the last that succeeded.
    """

    version: int
    keys: dict[int, Key]
    sequence: int = 0
    failures: int = 0

    @property
    def protocol(self) -> int | None:
        """2 or 3, the secure channel protocol of its ENC, MAC and DEK; None if one is missing."""
        static = [self.keys.get(each) for each in (ENC, MAC, DEK)]
        first = static[0]
        if first is None or any(each is None or not each.is_like(first) for each in static):
            return None
        return first.protocol

    @property
    def blocked(self) -> bool:
        """Too many failed authentications."""
        return self.failures >= MAX_FAILURES


_Named = dict[tuple[int, int], Key]
"""(Version, identifier) to key."""


@dataclass(slots=True, repr=False)
class KeyStore:
    """All key sets of the security domain, the default one first.

    Attributes:
        limit: how many versions there may be.
    """

    limit: int
    sets: list[KeySet] = field(default_factory=list)

    def find(self, version: int) -> KeySet | None:
        """The key set of a version; of version 0, the first that opens a secure channel."""
        if version == 0:
            return next((each for each in self.sets if each.protocol), None)
        return next((each for each in self.sets if each.version == version), None)

    def put(self, old: int, new: int, keys: Mapping[int, Key]) -> None:
        """Add keys as version ``new``, or put them in the place of those of version ``old``.

        ``old`` is 0 when keys are added (GP 2.3.1, 11.8). All keys are taken or none: 6A88 when
        a key to be replaced is missing, 6A80 when it is of another kind or when the new name is
        taken, 6A84 when there is no room, 6985 when no usable key set would be left.
        """
        named = self._named()
        replaced = {(old, each) for each in keys} if old else set()
        if not replaced <= named.keys():
            raise Refusal(Status.NO_REFERENCE)
        if not all(named[each].is_like(keys[each[1]]) for each in replaced):
            raise Refusal(Status.WRONG_DATA)
        untouched = named.keys() - replaced
        if any((new, each) in untouched for each in keys):
            raise Refusal(Status.WRONG_DATA)
        in_place = {
            (new if each in replaced else each[0], each[1]): key for each, key in named.items()
        }
        whole = not any(version == new for version, _ in untouched)
        self._commit(
            in_place | {(new, each): key for each, key in keys.items()},
            # Amendment D, 6.2.2.1: when all keys are new; GP 2.3.1, E.1.2: when any TDES key is.
            restarts=whole or any(key.kind is KeyType.TDES for key in keys.values()),
            touched=new,
        )

    def delete(self, version: int | None, identifier: int | None) -> None:
        """Delete one key, or all of a version or of an identifier (GP 2.3.1, 11.2.2.3.2).

        6A88 when there is none, 6985 when no usable key set would be left.
        """
        named = self._named()
        kept = {
            name: key
            for name, key in named.items()
            if version not in (None, name[0]) or identifier not in (None, name[1])
        }
        if len(kept) == len(named):
            raise Refusal(Status.NO_REFERENCE)
        self._commit(kept)

    def _named(self) -> _Named:
        return {(each.version, name): key for each in self.sets for name, key in each.keys.items()}

    def _commit(self, named: _Named, *, restarts: bool = False, touched: int = 0) -> None:
        grouped: dict[int, dict[int, Key]] = {}
        for (version, name), key in named.items():
            grouped.setdefault(version, {})[name] = key
        if len(grouped) > self.limit:
            raise Refusal(Status.NO_MEMORY)
        sets = []
        for version, keys in grouped.items():
            known = None if restarts and version == touched else self.find(version)
            counters = (known.sequence, known.failures) if known else (0, 0)
            sets.append(KeySet(version, keys, *counters))
        if not any(each.protocol for each in sets):
            raise Refusal(Status.NOT_NOW)
        self.sets = sets
