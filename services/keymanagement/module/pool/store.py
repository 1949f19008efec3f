"""The pool's file: an SQLite database, shared by makers, which add, and the module, which takes.

A pair has a holder, once and for ever: its row is claimed in a durable transaction before the key
is used, so no crash gives one pair to two cards. The same holder that asks again gets the same
pair for a while, so that a batch which is repeated does not drain the pool; then the key is wiped
and the row stays, as the record that it was used. Don't restore this file from a copy: what was
ready in the copy may have been used since. Delete it instead; it fills again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["POOL_FILE", "Demand", "PairStore", "SealedPair", "Taken"]

POOL_FILE: Final = "pool.sqlite3"
_BUSY_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pair (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL UNIQUE,
    bits INTEGER NOT NULL,
    exponent INTEGER NOT NULL,
    sealed BLOB,
    holder TEXT UNIQUE,
    taken_at INTEGER,
    CHECK (sealed IS NOT NULL OR holder IS NOT NULL)
);
CREATE INDEX IF NOT EXISTS ready ON pair (bits, exponent, number) WHERE holder IS NULL;
CREATE INDEX IF NOT EXISTS held ON pair (taken_at) WHERE holder IS NOT NULL AND sealed IS NOT NULL;
"""
_READY: Final = """
SELECT number FROM pair WHERE bits = ? AND exponent = ? AND holder IS NULL
ORDER BY number LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class SealedPair:
    """A pair as makers hand it in.

    Attributes:
        pair_id: random; what the seal is bound to.
        fingerprint: SHA-256 of the modulus: no pair comes in twice.
        bits: of the modulus.
        exponent: public.
        sealed: a serialized SealedBlob.
    """

    pair_id: str
    fingerprint: bytes
    bits: int
    exponent: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Demand:
    """A pair that is asked for; ``holder`` names card, application and purpose."""

    holder: str
    bits: int
    exponent: int

    @property
    def claim(self) -> str:
        """What the row is claimed by: a holder may have one pair of each size."""
        return f"{self.holder}/{self.bits}/{self.exponent}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A pair that a holder has; ``number`` counts all pairs that this pool ever had."""

    number: int
    pair_id: str
    sealed: bytes = field(repr=False)


class PairStore:
    """One process's connection to the pool's file; other processes may have theirs.

    Args:
        path: the file; it is made if it is not there. ":memory:" is for tests.
    """

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # a claim survives a power cut
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def add(self, pairs: Iterable[SealedPair]) -> None:
        """Hand pairs in, durably.

        Raises:
            sqlite3.IntegrityError: one of them was there before.
        """
        with self._transaction():
            self._connection.executemany(
                "INSERT INTO pair (id, fingerprint, bits, exponent, sealed) VALUES (?, ?, ?, ?, ?)",
                [
                    (each.pair_id, each.fingerprint, each.bits, each.exponent, each.sealed)
                    for each in pairs
                ],
            )

    def take(self, demands: Sequence[Sequence[Demand]]) -> list[list[Taken] | None]:
        """Claim for each card all the pairs that it asks for, or none; durable when it returns."""
        if not any(demands):
            return [[] for _ in demands]
        now = int(time.time())
        with self._transaction():
            return [self._take_all(each, now) for each in demands]

    def ready(self) -> dict[tuple[int, int], int]:
        """Count ready pairs by bits and exponent."""
        rows = self._connection.execute(
            "SELECT bits, exponent, count(*) FROM pair WHERE holder IS NULL GROUP BY 1, 2"
        )
        return {(bits, exponent): count for bits, exponent, count in rows}

    def used(self) -> dict[tuple[int, int], int]:
        """Count pairs that have or had a holder."""
        rows = self._connection.execute(
            "SELECT bits, exponent, count(*) FROM pair WHERE holder IS NOT NULL GROUP BY 1, 2"
        )
        return {(bits, exponent): count for bits, exponent, count in rows}

    def wipe(self, taken_before: float) -> int:
        """Wipe keys that were taken before this moment, and return how many; rows stay.

        A holder that comes again later gets another pair.
        """
        with self._transaction():
            return self._connection.execute(
                "UPDATE pair SET sealed = NULL, holder = holder || '@' || number"
                " WHERE holder IS NOT NULL AND sealed IS NOT NULL AND taken_at < ?",
                (int(taken_before),),
            ).rowcount

    def _take_all(self, demands: Sequence[Demand], now: int) -> list[Taken] | None:
        self._connection.execute("SAVEPOINT card")
        taken = [self._take(each, now) for each in demands]
        whole = [each for each in taken if each is not None]
        if len(whole) < len(taken):
            self._connection.execute("ROLLBACK TO card")
        self._connection.execute("RELEASE card")
        return whole if len(whole) == len(taken) else None

    def _take(self, demand: Demand, now: int) -> Taken | None:
        held = self._held(demand.claim)
        if held is not None:
            return held
        found = self._connection.execute(_READY, (demand.bits, demand.exponent)).fetchone()
        if found is None:
            return None
        self._connection.execute(
            "UPDATE pair SET holder = ?, taken_at = ? WHERE number = ?",
            (demand.claim, now, found[0]),
        )
        return self._held(demand.claim)

    def _held(self, claim: str) -> Taken | None:
        row = self._connection.execute(
            "SELECT number, id, sealed FROM pair WHERE holder = ?", (claim,)
        ).fetchone()
        return Taken(*row) if row is not None else None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
