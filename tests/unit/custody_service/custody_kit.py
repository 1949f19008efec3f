"""Stations, a bus and a security module in memory, to drive custody with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from aiokafka.errors import KafkaConnectionError
from nacl.signing import SigningKey
from uuid_utils.compat import uuid7

from cardwright.bus import Inbound, Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import EVENTS, FACTS
from cardwright.card import STATION_OF, Body, Operation
from cardwright.card import events as e
from cardwright.custody.statement import SignatureVerifier
from cardwright.eventlog.codec import LoggedEvent, decode_event
from cardwright.eventlog.log import EventLog, LogRow, NewEvent
from cardwright.hsm.port import PublicKey, SecurityModule, Signatures
from cardwright.proto.work.v1 import work_pb2
from cardwright.station.deadletters import DeadLetters, Unreadable
from cardwright.station.measures import Measures
from cardwright.station.messages import sort_mail
from cardwright.station.ports import WorkOrder
from cardwright.station.signers import Signers
from cardwright.station.signing import FactSigner, Statement
from cardwright.telemetry import CardTracer
from services.custody.adapters.publisher import Publisher
from services.custody.domain.control import Control
from services.custody.handlers import Custodian

SITE = "site-1"
ACTORS = sorted({*STATION_OF.values(), "request", "operator", "custody"})
KEYS = {
    f"sign/{actor}.{SITE}#1": SigningKey(index.to_bytes(32, "big"))
    for index, actor in enumerate(ACTORS)
}
ROUTE = (Operation.PRINT, Operation.INSPECT, Operation.PACK, Operation.DISPATCH)


def verifier() -> SignatureVerifier:
    return SignatureVerifier({name: bytes(key.verify_key) for name, key in KEYS.items()})


@dataclass(frozen=True)
class SigningModule:
    """The security module's signing half, with the actor's key; it lists those of all actors."""

    actor: str

    async def public_keys(self, prefix: str) -> list[PublicKey]:
        assert prefix == "sign/"
        return [PublicKey(name, "Ed25519", bytes(key.verify_key)) for name, key in KEYS.items()]

    async def sign(self, payloads: Sequence[bytes]) -> Signatures:
        name = f"sign/{self.actor}.{SITE}#1"
        return Signatures(name, tuple(KEYS[name].sign(payload).signature for payload in payloads))


def signer(actor: str) -> FactSigner:
    return FactSigner(cast("SecurityModule", SigningModule(actor)), actor, SITE)


@dataclass
class BusInMemory:
    """A producer that keeps what was sent; the next ``failures`` calls fail."""

    sent: list[Outbound] = field(default_factory=list)
    failures: int = 0

    async def send(self, messages: Iterable[Outbound]) -> None:
        batch = list(messages)
        if self.failures:
            self.failures -= 1
            raise KafkaConnectionError
        self.sent += batch

    def events(self) -> list[LoggedEvent]:
        return [decode_event(message.value) for message in self.sent if message.topic == EVENTS]

    def mail(self, kind: str) -> list[WorkOrder]:
        """Return the orders, or the cancels, that were sent."""
        found = []
        for message in self.sent:
            if message.topic.startswith("orders."):
                mail = sort_mail([inbound(message.value)])
                received = mail.orders if kind == "order" else mail.cancels
                found += [item.order for item in received.values()]
        return found

    def acknowledged(self) -> list[str]:
        said = [
            work_pb2.StationMessage.FromString(message.value)
            for message in self.sent
            if message.topic.startswith("orders.")
        ]
        return [order_id for message in said for order_id in message.logged.order_ids]


@dataclass
class Graveyard:
    """Dead letters that were buried; the next ``failures`` calls fail."""

    letters: list[Unreadable] = field(default_factory=list)
    failures: int = 0

    async def bury(self, letters: Sequence[Unreadable]) -> None:
        if letters and self.failures:
            self.failures -= 1
            raise KafkaConnectionError
        self.letters += letters

    async def bury_orders(self, messages: Iterable[Inbound]) -> None:
        self.letters += [Unreadable(message, "ORDER_GARBAGE", "") for message in messages]

    def codes(self) -> list[str]:
        return [letter.code for letter in self.letters]


@dataclass
class LogInMemory:
    """The log; an append can fail before its commit, or after."""

    rows: list[LogRow] = field(default_factory=list)
    epoch: int = 0
    position: int = 0
    marked: int = 0
    lose_before: int = 0
    lose_after: int = 0

    async def take_over(self) -> None:
        self.epoch += 1
        self.position = len(self.rows)

    async def append(self, events: Sequence[NewEvent]) -> int:
        if self.lose_before:
            self.lose_before -= 1
            raise ConnectionResetError
        first = len(self.rows) + 1
        known = {(row.stream_id, row.sequence) for row in self.rows}
        for index, event in enumerate(events):
            assert (event.stream_id, event.sequence) not in known, "unique violation"
            row = (event.stream_id, event.sequence, event.kind, event.hash, event.body)
            self.rows.append(LogRow(first + index, *row))
        if self.lose_after:
            self.lose_after -= 1
            raise ConnectionResetError
        self.position = len(self.rows)
        return first

    async def streams(self, stream_ids: Collection[str]) -> list[LogRow]:
        found = [row for row in self.rows if row.stream_id in stream_ids]
        return sorted(found, key=lambda row: (row.stream_id, row.sequence))

    async def open_streams(self) -> AsyncIterator[LogRow]:
        for row in await self.streams({row.stream_id for row in self.rows}):
            await asyncio.sleep(0)
            yield row

    async def after(self, position: int, limit: int = 100) -> list[LogRow]:
        return self.rows[position : position + limit]

    async def published(self) -> int:
        return self.marked

    async def mark_published(self, position: int) -> None:
        self.marked = position


@dataclass
class House:
    """Custody between fakes (or a real log), and hands that answer its orders."""

    log: Any = field(default_factory=LogInMemory)
    bus: BusInMemory = field(default_factory=BusInMemory)
    dead: Graveyard = field(default_factory=Graveyard)
    cap: int = 100
    offset: int = 0
    custodian: Custodian = field(init=False)

    def __post_init__(self) -> None:
        self.custodian = self.new_custodian()

    def new_custodian(self) -> Custodian:
        checks = verifier()
        return Custodian(
            site=SITE,
            log=cast("EventLog", self.log),
            verifier=checks,
            signers=Signers(cast("SecurityModule", SigningModule("custody")), checks),
            signer=signer("custody"),
            publisher=Publisher(cast("Producer", self.bus), SITE, 0.0),
            control=Control(self.cap, 10.0),
            dead=cast("DeadLetters", self.dead),
            tracer=CardTracer("custody"),
            measures=Measures("custody"),
        )

    async def messages(self, *said: tuple[str, Statement]) -> list[Inbound]:
        made = []
        for actor, statement in said:
            self.offset += 1
            value = (await signer(actor).sign([self._under_permit(statement)]))[0]
            made.append(inbound(value, self.offset, statement.stream_id))
        return made

    async def say(self, *said: tuple[str, Statement]) -> list[Inbound]:
        """Let custody handle these statements as one batch."""
        batch = await self.messages(*said)
        await self.custodian.handle(batch)
        return batch

    def _under_permit(self, statement: Statement) -> Statement:
        """Let a dispatch name the permission that its order brought, as logistics does."""
        if statement.body != e.Dispatched("sscc-1"):
            return statement
        orders = [o for o in self.bus.mail("order") if o.order_id == statement.order_id]
        permit = orders[-1].permit if orders else b""
        return replace(statement, body=e.Dispatched("sscc-1", permit))

    def kinds(self, stream: str) -> list[str]:
        return [row.kind for row in self.log.rows if row.stream_id == stream]


def inbound(value: bytes, offset: int = 0, key: str = "k") -> Inbound:
    return Inbound(FACTS, 0, offset, key.encode(), value, dict(_texts(headers("t", "s", "i"))))


def _texts(pairs: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, str]]:
    return ((name, value.decode()) for name, value in pairs)


def new_card() -> str:
    return str(uuid7())


def opening(card: str, lane: int = 1) -> tuple[str, Statement]:
    body = e.RequestAccepted("aurora-bank", f"r-{card[-4:]}", "emv-debit", lane)
    return "request", Statement(f"{card}.0", card, "", body)


def answer(
    actor: str, card: str, turn: int, body: Body, issued: bytes = b""
) -> tuple[str, Statement]:
    order = f"{card}.{turn}"
    return actor, Statement(order, card, order, body, issued)


def command(card: str, verb: e.Verb) -> tuple[str, Statement]:
    return "operator", Statement(new_card(), card, "", e.Command(verb))


def life(card: str) -> list[tuple[str, Statement]]:
    """Return what is said of a card that is made without a fault."""
    bodies: list[tuple[str, Body]] = [
        ("dataprep", e.Prepared(1, ROUTE, 2)),
        ("printing", e.Printed("b-1")),
        ("qa", e.Inspected("b-1", passed=True)),
        ("logistics", e.Packed("sscc-1")),
        ("logistics", e.Dispatched("sscc-1")),
    ]
    answers = [answer(actor, card, turn, body) for turn, (actor, body) in enumerate(bodies, 1)]
    return [opening(card), *answers]
