"""One batch of station mail: answer duplicates, hand desks their orders, file bench orders."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.card.events import OperationCancelled
from cardwright.station.deadletters import DeadLetters
from cardwright.station.measures import Measures
from cardwright.station.messages import Mail, Received, sort_mail
from cardwright.station.outbox import Outbox
from cardwright.station.ports import Answer, Desk, Transaction
from cardwright.station.work import Entry, WorkTable
from cardwright.telemetry import CardTracer

__all__ = ["Inbox"]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Handles a batch in one transaction and sends what it answered.

    ``filed`` is set after a commit that may have filed an order for a bench.
    """

    name: str
    pool: asyncpg.Pool[asyncpg.Record]
    table: WorkTable
    outbox: Outbox
    desks: Mapping[Operation, Desk]
    tracer: CardTracer
    measures: Measures
    dead: DeadLetters
    filed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Handle a batch. Raising leaves nothing behind: the batch is read again."""
        began = time.time_ns()
        mail = sort_mail(batch)
        await self.dead.bury_orders(mail.unreadable)
        async with self.pool.acquire() as connection, connection.transaction():
            answers, to_send = await self._within(mail, connection, began)
        if mail.orders:
            self.filed.set()
        self.measures.answered(answer.body for answer in answers)
        await self.outbox.send(to_send)
        self.measures.batch(len(mail.orders), time.time_ns() - began)

    async def _within(
        self, mail: Mail, tx: Transaction, began: int
    ) -> tuple[Sequence[Answer], Sequence[Entry]]:
        """Return the answers that are new, and everything that is to be sent."""
        if mail.logged:
            await self.table.acknowledge(tx, mail.logged)
        if not mail.orders and not mail.cancels:
            return [], []
        known = await self.table.known(tx, mail.orders.keys() | mail.cancels.keys())
        again = [entry for entry in known.values() if entry is not None]
        answers = await self._cancel(mail, known, tx)
        withdrawn = {answer.order_id for answer in answers}
        fresh = [
            received
            for order_id, received in mail.orders.items()
            if order_id not in known and order_id not in withdrawn
        ]
        answers += await self._desk_work(fresh, tx)
        await self._file(fresh, tx)
        if not answers:
            return [], again
        onward = self._trace(answers, mail, began)
        entries = await self.outbox.sign(answers, _lanes(mail), onward)
        return answers, again + await self.table.answer(tx, entries)

    async def _cancel(
        self, mail: Mail, known: Mapping[str, Entry | None], tx: Transaction
    ) -> list[Answer]:
        if not mail.cancels:
            return []
        locked = await self.table.cancellable(tx, mail.cancels.keys())
        return [
            Answer(order_id, OperationCancelled())
            for order_id in mail.cancels
            if order_id not in known or order_id in locked
        ]

    async def _desk_work(self, fresh: Iterable[Received], tx: Transaction) -> list[Answer]:
        answers: list[Answer] = []
        for operation, desk in self.desks.items():
            orders = [r.order for r in fresh if r.order.operation is operation]
            if orders:
                answers += await desk.handle(orders, tx)
        return answers

    async def _file(self, fresh: Iterable[Received], tx: Transaction) -> None:
        bench = [r for r in fresh if r.order.operation not in self.desks]
        if bench:
            await self.table.accept(tx, bench)

    def _trace(self, answers: Sequence[Answer], mail: Mail, began: int) -> dict[str, str]:
        received = mail.cancels | mail.orders
        parents = [
            received[answer.order_id].traceparent if answer.order_id in received else ""
            for answer in answers
        ]
        onward = self.tracer.cards(f"{self.name} desk", parents, began)
        return {answer.order_id: parent for answer, parent in zip(answers, onward, strict=True)}


def _lanes(mail: Mail) -> dict[str, bool]:
    return {
        order_id: received.order.express
        for order_id, received in (mail.cancels | mail.orders).items()
    }
