"""A bus, signers, desks and machines to drive a station with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka.errors import KafkaConnectionError
from nacl.signing import SigningKey
from uuid_utils.compat import uuid7

from cardwright.bus import Inbound, Outbound, Producer
from cardwright.card import Body, Operation
from cardwright.card.events import Printed
from cardwright.eventlog.codec import ReceivedFact, decode_fact_message
from cardwright.hsm.port import SecurityModule, Signatures
from cardwright.proto.work.v1 import work_pb2
from cardwright.station.deadletters import DeadLetters
from cardwright.station.foreman import Foreman
from cardwright.station.inbox import Inbox
from cardwright.station.measures import Measures
from cardwright.station.messages import encode_order
from cardwright.station.outbox import Outbox
from cardwright.station.ports import Answer, Bench, Desk, NotBegun, Transaction, WorkOrder
from cardwright.station.signing import FactSigner
from cardwright.station.work import WorkTable
from cardwright.telemetry import CardTracer

KEY = SigningKey(bytes(32))


class Module:
    async def sign(self, payloads: Sequence[bytes]) -> Signatures:
        return Signatures(
            "sign/printing.site-1#1", tuple(KEY.sign(each).signature for each in payloads)
        )


@dataclass
class Bus:
    """Keeps what was sent; the next ``failures`` calls fail."""

    sent: list[Outbound] = field(default_factory=list)
    failures: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, messages: Iterable[Outbound]) -> None:
        batch = list(messages)
        if self.failures and batch:
            self.failures -= 1
            raise KafkaConnectionError
        self.sent += batch
        if batch:
            self.came.set()

    def facts(self) -> list[ReceivedFact]:
        return [decode_fact_message(message.value) for message in self.sent]

    def said(self) -> list[tuple[str, Body]]:
        return [(received.fact.order_id, received.fact.body) for received in self.facts()]

    async def until(self, count: int) -> None:
        """Wait until ``count`` facts have been sent."""
        async with asyncio.timeout(20):
            while len(self.sent) < count:
                self.came.clear()
                await self.came.wait()


@dataclass
class Buried:
    messages: list[Inbound] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    async def bury_orders(self, messages: Iterable[Inbound]) -> None:
        self.messages += messages

    async def bury(self, letters: Iterable[Any]) -> None:
        self.codes += [letter.code for letter in letters]


@dataclass
class FakeDesk:
    """Answers every order; ``also`` is done within the transaction, before a fault."""

    also: Callable[[Sequence[WorkOrder], Transaction], Awaitable[None]] | None = None
    fault: Exception | None = None
    handled: list[str] = field(default_factory=list)

    async def handle(self, orders: Sequence[WorkOrder], tx: Transaction) -> Sequence[Answer]:
        if self.also is not None:
            await self.also(orders, tx)
        if self.fault is not None:
            raise self.fault
        self.handled += [order.order_id for order in orders]
        return [Answer(order.order_id, Printed(f"by-{order.order_id}")) for order in orders]


@dataclass
class FakeDevice:
    """A printer with a ledger, as hardware has. ``script`` says what happens to the next acts."""

    name: str = "printer-1"
    depth: int = 1
    ledger: dict[str, int] = field(default_factory=dict)
    script: list[Callable[[WorkOrder], Awaitable[None]]] = field(default_factory=list)
    recalled: list[str] = field(default_factory=list)
    performed: list[str] = field(default_factory=list)

    async def perform(self, order: WorkOrder, material: object) -> Body:
        assert material == f"material of {order.order_id}"
        self.performed.append(order.order_id)
        if self.script:
            await self.script.pop(0)(order)
        return self.make(order)

    def make(self, order: WorkOrder) -> Body:
        self.ledger[order.job_id] = self.ledger.get(order.job_id, 0) + 1
        return Printed(order.job_id, self.name)

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        self.recalled.append(order.order_id)
        if order.job_id in self.ledger:
            return Printed(order.job_id, self.name)
        return NotBegun()


@dataclass
class FakeBench:
    devices: Sequence[FakeDevice]
    answers: dict[str, Body] = field(default_factory=dict)
    before: Callable[[Sequence[WorkOrder]], Awaitable[None]] | None = None

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, object]:
        if self.before is not None:
            await self.before(orders)
        return {
            order.order_id: Answer(order.order_id, self.answers[order.order_id])
            if order.order_id in self.answers
            else f"material of {order.order_id}"
            for order in orders
        }


@dataclass
class Station:
    """One station around a pool, which may be a fake."""

    pool: Any
    bus: Bus = field(default_factory=Bus)
    buried: Buried = field(default_factory=Buried)
    desks: dict[Operation, Desk] = field(default_factory=dict)
    table: WorkTable = field(default_factory=WorkTable)

    def __post_init__(self) -> None:
        signer = FactSigner(cast("SecurityModule", Module()), "printing", "site-1")
        self.outbox = Outbox(signer, cast("Producer", self.bus), "printing.site-1")
        self.tracer, self.measures = CardTracer("printing"), Measures("printing")
        self.inbox = Inbox(
            name="printing",
            pool=self.pool,
            table=self.table,
            outbox=self.outbox,
            desks=self.desks,
            tracer=self.tracer,
            measures=self.measures,
            dead=cast("DeadLetters", self.buried),
        )

    def foreman(self, bench: FakeBench, operation: Operation = Operation.PRINT) -> Foreman:
        return Foreman(
            name="printing",
            pool=self.pool,
            table=self.table,
            operation=operation,
            outbox=self.outbox,
            bench=cast("Bench[Any]", bench),
            tracer=self.tracer,
            measures=self.measures,
            filed=self.inbox.filed,
        )

    async def state(self, order: WorkOrder) -> str | None:
        found = await self.pool.fetchval(
            "SELECT state FROM work WHERE order_id = $1", order.order_id
        )
        return None if found is None else str(found)


def new_order(
    operation: Operation = Operation.PRINT, *, express: bool = False, turn: int = 1
) -> WorkOrder:
    card = str(uuid7())
    return WorkOrder(
        f"{card}.{turn}", card, operation, 1, "aurora-bank", "r-1", "emv-debit", 1, express
    )


def mail(order: WorkOrder, *, cancel: bool = False, traceparent: str = "") -> Inbound:
    headers = {"traceparent": traceparent} if traceparent else {}
    value = encode_order(order, cancel=cancel)
    return Inbound("orders.printing.site-1", 0, 0, b"k", value, headers)


def logged(*orders: WorkOrder) -> Inbound:
    said = work_pb2.FactsLogged(order_ids=[order.order_id for order in orders])
    value = work_pb2.StationMessage(logged=said).SerializeToString()
    return Inbound("orders.printing.site-1", 0, 0, b"k", value)
