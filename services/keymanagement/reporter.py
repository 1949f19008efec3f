"""Tells custody what happens to keys: each entry of the module's journal becomes a fact, once.

What was stated is a witness of the journal: a module that shows another entry in its place, or
fewer, had its journal cut or written anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import asyncpg

from cardwright.card.events import KeyChanged
from cardwright.hsm.inventory import JournalEntry
from cardwright.hsm.port import SecurityModule
from cardwright.station.faults import until_it_passes
from cardwright.station.outbox import Outbox
from cardwright.station.signing import FactSigner, Statement
from cardwright.station.work import Entry, WorkTable
from services.keymanagement.adapters.stated import Last, StatedTable

__all__ = ["JournalError", "Reporter"]

_log = logging.getLogger(__name__)
_EVERY: Final = 2.0
_AT_ONCE: Final = 200


class JournalError(Exception):
    """The module's journal is not the one that was stated.

    Attributes:
        code: JOURNAL_REWRITTEN.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Reporter:
    """States entries in their order, within one transaction a batch.

    Args:
        pool: the station's own database.
        module: the security module, with the station's token.
        signer: signs facts of the station.
        outbox: sends them; what custody did not acknowledge is sent again by the station.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        module: SecurityModule,
        signer: FactSigner,
        outbox: Outbox,
    ) -> None:
        self._pool, self._module = pool, module
        self._signer, self._outbox = signer, outbox
        self._work, self._stated = WorkTable(), StatedTable()

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            if not await until_it_passes("keymanagement", self.report):
                await asyncio.sleep(_EVERY)

    async def report(self) -> int:
        """State what is new; returns how many entries that were.

        Raises:
            JournalError: JOURNAL_REWRITTEN.
        """
        last = await self._stated.last(self._pool)
        # The last one is read again: it must still be what it was.
        read = await self._module.journal(max(0, last.entry - 1), _AT_ONCE)
        entries = _new(last, read)
        if not entries:
            return 0
        async with self._pool.acquire() as connection, connection.transaction():
            streams = await self._stated.streams(connection, sorted({e.key_id for e in entries}))
            facts = await self._sign(entries, streams)
            await self._stated.put(connection, entries)
            await self._work.answer(connection, facts)
        await self._outbox.send(facts)
        _log.info("stated %d changes of keys", len(facts), extra={"count": len(facts)})
        return len(facts)

    async def _sign(self, entries: Sequence[JournalEntry], streams: dict[str, str]) -> list[Entry]:
        statements = [
            Statement(
                f"{streams[entry.key_id]}.{entry.entry}", streams[entry.key_id], "", _body(entry)
            )
            for entry in entries
        ]
        signed = await self._signer.sign(statements)
        return [
            Entry(statement.fact_id, express=False, traceparent="", fact=fact)
            for statement, fact in zip(statements, signed, strict=True)
        ]


def _new(last: Last, read: Sequence[JournalEntry]) -> Sequence[JournalEntry]:
    """Return what follows the last entry stated, after a look at that one."""
    if last.entry == 0:
        return read
    if not read or (read[0].entry, read[0].hash) != (last.entry, last.hash):
        raise JournalError(
            "JOURNAL_REWRITTEN",
            f"The module's journal lacks entry {last.entry} as it was stated: restore it, and find "
            "out who cut it.",
        )
    return read[1:]


def _body(entry: JournalEntry) -> KeyChanged:
    return KeyChanged(
        key_id=entry.key_id,
        change=entry.change,
        state=entry.state,
        usage=entry.usage,
        algorithm=entry.algorithm,
        kcv=entry.kcv,
        environment=entry.environment,
        owner=entry.owner,
        custodians=entry.custodians,
        minutes=entry.minutes,
        entry=entry.entry,
        entry_hash=entry.hash,
    )
