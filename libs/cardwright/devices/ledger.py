"""What a machine physically did, durable across kill -9.

SQLite in WAL mode. With ``synchronous=NORMAL`` a committed row is in the operating system's cache
before a physical act begins, so it outlives any death of the process; only a host that loses power
can lose it. That is exactly how durable the floor's files are, so floor and ledger never disagree
about the same death. ``sync="full"`` makes the ledger alone outlive the host too.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Act", "GroupCommit", "Ledger", "Statement", "finish", "record", "start"]

Statement = tuple[str, tuple[Any, ...]]
Sync = Literal["normal", "full"]
_Waiting = tuple[tuple[Statement, ...], asyncio.Future[None]]

# The unique indexes are the machine's own word: no job runs twice, no blank is printed twice.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS act (
    id INTEGER PRIMARY KEY, job_id TEXT NOT NULL, card TEXT NOT NULL, blank TEXT NOT NULL,
    act TEXT NOT NULL, started REAL NOT NULL, finished REAL, result TEXT, detail TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS act_job ON act (job_id);
CREATE INDEX IF NOT EXISTS act_card ON act (card);
CREATE INDEX IF NOT EXISTS act_open ON act (id) WHERE finished IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS one_act_a_job ON act (job_id, act)
    WHERE act IN ('print', 'feed', 'destroy');
CREATE UNIQUE INDEX IF NOT EXISTS one_print_a_blank ON act (blank)
    WHERE act = 'print';
"""
_COLUMNS = "job_id, card, blank, act, started, finished, result, detail"


@dataclass(frozen=True, slots=True)
class Act:
    """One physical act; ``finished`` and ``result`` are None while it runs (or power was lost).

    Attributes:
        act: print, spoil (printer); feed, chip_session, stripe_write (encoder); transaction,
            verdict, move, destroy (inspector).
        started, finished: Unix time in seconds.
        result: done, good, reject, personalised, ..., interrupted, or a fault code.
    """

    job_id: str
    card: str
    blank: str
    act: str
    started: float
    finished: float | None
    result: str | None
    detail: Mapping[str, Any]


def start(job_id: str, card: str, blank: str, act: str, **detail: Any) -> Statement:
    """The statement that announces an act, to be committed before the mechanics move."""
    return _insert(Act(job_id, card, blank, act, time.time(), None, None, detail))


def record(act: Act) -> Statement:
    """The statement that writes a whole act at once, after the fact."""
    return _insert(act)


def finish(job_id: str, act: str, result: str, **detail: Any) -> Statement:
    """The statement that closes the open ``act`` of a job; detail is merged into the row's."""
    return (
        """UPDATE act SET finished = ?, result = ?, detail = json_patch(detail, ?)
           WHERE job_id = ? AND act = ? AND finished IS NULL""",
        (time.time(), result, json.dumps(detail), job_id, act),
    )


def _insert(act: Act) -> Statement:
    return (
        f"INSERT INTO act ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  constant
        (
            *(act.job_id, act.card, act.blank, act.act, act.started, act.finished, act.result),
            json.dumps(act.detail),
        ),
    )


class Ledger:
    """The ledger file of one machine: a reader for anybody, and the writer of its machine."""

    def __init__(self, path: Path, *, sync: Sync = "normal", read_only: bool = False) -> None:
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        self._reads = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._writes: sqlite3.Connection | None = None
        if not read_only:
            self._reads.execute("PRAGMA journal_mode=WAL")
            # Only one thread at a time writes (GroupCommit's), but it isn't the one that opened.
            self._writes = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._writes.execute(f"PRAGMA synchronous={sync.upper()}")
            self._writes.executescript(_SCHEMA)

    @classmethod
    def reading(cls, path: Path) -> Ledger:
        """Open a machine's ledger to look only, also while the machine runs."""
        return cls(path, read_only=True)

    def acts(
        self, *, job_id: str | None = None, card: str | None = None, act: str | None = None
    ) -> list[Act]:
        """Every act in the order in which it was announced, narrowed by what is given."""
        wanted = {"job_id": job_id, "card": card, "act": act}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = :{name}" for name in given) or "1"
        return list(self._select(f"WHERE {where} ORDER BY id", given))

    def open_acts(self) -> list[Act]:
        """The acts that were announced and never closed: where power was lost."""
        return list(self._select("WHERE finished IS NULL ORDER BY id", {}))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read a machine's own tables (the printer keeps its hopper beside the acts)."""
        return self._reads.execute(sql, values).fetchall()

    def commit(self, statements: Iterable[Statement]) -> None:
        """Apply statements in one transaction; all or none are durable on return."""
        if self._writes is None:
            raise sqlite3.ProgrammingError("this ledger was opened to read only")
        self._writes.execute("BEGIN IMMEDIATE")
        try:
            for sql, values in statements:
                self._writes.execute(sql, values)
        except sqlite3.Error:
            self._writes.execute("ROLLBACK")
            raise
        self._writes.execute("COMMIT")

    def close(self) -> None:
        """Close both connections."""
        self._reads.close()
        if self._writes is not None:
            self._writes.close()

    def _select(self, tail: str, values: Mapping[str, Any]) -> Iterator[Act]:
        query = f"SELECT {_COLUMNS} FROM act {tail}"  # noqa: S608  names from this module only
        with closing(self._reads.execute(query, values)) as rows:
            for row in rows:
                act: list[Any] = [*row[:-1], json.loads(row[-1])]
                yield Act(*act)


class GroupCommit:
    """Commits what several cards ask for at the same time in one transaction.

    While one commit runs in its thread, requests gather and share the next one.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[_Waiting] = []
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._flusher: asyncio.Task[None] | None = None

    def submit(self, *statements: Statement) -> asyncio.Future[None]:
        """Queue statements; the future is done once they are durable."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return done

    async def close(self) -> None:
        """Wait for everything that was submitted."""
        if self._flusher is not None:
            await self._flusher
        self._thread.shutdown()

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            if await self._commit(group) is None:
                continue
            for alone in group:  # one that the ledger refuses must not fail its neighbours
                await self._commit([alone])

    async def _commit(self, group: list[_Waiting]) -> sqlite3.Error | None:
        """Commit a group and settle it; the error, if several would have to share it."""
        statements = [statement for batch, _ in group for statement in batch]
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._ledger.commit, statements)
        except sqlite3.Error as fault:
            if len(group) > 1:
                return fault
            _settle(group, fault)
        else:
            _settle(group, None)
        return None


def _settle(group: list[_Waiting], fault: sqlite3.Error | None) -> None:
    for _, done in group:
        if done.cancelled():
            continue
        if fault is None:
            done.set_result(None)
        else:
            done.set_exception(fault)
