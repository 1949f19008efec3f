"""Reads what comes from outside and turns it into facts: the front door of an intake."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from cardwright.bus import Inbound
from cardwright.station.deadletters import DeadLetters, Unreadable
from cardwright.station.intake import Intake, NewFact
from cardwright.station.measures import Measures
from cardwright.station.outbox import Outbox
from cardwright.station.work import Entry, WorkTable
from cardwright.telemetry import CardTracer, traceparent_of

__all__ = ["Reception"]


@dataclass(frozen=True, slots=True)
class Reception:
    """Handles a batch in one transaction; its facts are kept until custody has them."""

    name: str
    pool: asyncpg.Pool[asyncpg.Record]
    table: WorkTable
    outbox: Outbox
    intake: Intake
    tracer: CardTracer
    measures: Measures
    dead: DeadLetters
    trace_ratio: float

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Handle a batch. Raising leaves nothing behind: the batch is read again."""
        began = time.time_ns()
        async with self.pool.acquire() as connection, connection.transaction():
            result = await self.intake.handle(batch, connection)
            entries = await self._sign(result.facts, began)
            if entries:
                entries = await self.table.answer(connection, entries)
        await self.dead.bury([Unreadable(d.message, d.code, d.detail) for d in result.dead])
        self.measures.answered(fact.body for fact in result.facts)
        await self.outbox.send(entries)
        self.measures.batch(len(batch), time.time_ns() - began)

    async def _sign(self, facts: Sequence[NewFact], began: int) -> list[Entry]:
        roots = [traceparent_of(fact.stream_id, self.trace_ratio) for fact in facts]
        onward = self.tracer.cards(f"{self.name} intake", roots, began)
        return await self.outbox.sign_openings(facts, onward)
