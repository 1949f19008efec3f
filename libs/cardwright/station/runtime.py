"""Wires and runs a service: what all of them need, in one place."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from cardwright.bus import Consumer, Producer
from cardwright.bus.topics import orders
from cardwright.card import Operation
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.secret import SecretText
from cardwright.settings import Settings
from cardwright.station.deadletters import DeadLetters
from cardwright.station.faults import until_it_passes
from cardwright.station.foreman import Foreman
from cardwright.station.inbox import Inbox
from cardwright.station.intake import Intake
from cardwright.station.measures import Measures
from cardwright.station.outbox import Outbox
from cardwright.station.pools import open_pool
from cardwright.station.ports import Bench, Desk
from cardwright.station.reception import Reception
from cardwright.station.signing import FactSigner
from cardwright.station.work import WorkTable
from cardwright.telemetry import CardTracer, configure
from cardwright.vault.datakeys import DataKeys
from cardwright.vault.sealing import Sealer
from cardwright.vault.vault import Vault, newest_keys

__all__ = [
    "Parts",
    "StationSpec",
    "open_parts",
    "open_vault",
    "renew_section_keys",
    "run_service",
    "run_station",
]

_log = logging.getLogger(__name__)
_RESEND_AFTER = 5.0
_LOOK_EVERY = 1.0
_RENEW_EVERY = 5.0
_RESEND_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is wired from."""

    name: str
    settings: Settings
    pool: asyncpg.Pool[asyncpg.Record]
    module: GrpcSecurityModule
    producer: Producer
    sealer: Sealer
    tracer: CardTracer
    measures: Measures
    dead: DeadLetters

    @property
    def source(self) -> str:
        """Name of this service at this site, e.g. ``"printing.site-1"``."""
        return f"{self.name}.{self.settings.site}"


@dataclass(frozen=True, slots=True)
class StationSpec:
    """A station's desks and benches, by the operation that they do.

    An operation of ``delays`` begins so many seconds after its order came, and no sooner. A service
    that reads from outside has an ``intake`` and the topics it reads.
    """

    desks: Mapping[Operation, Desk] = field(default_factory=dict)
    benches: Mapping[Operation, Bench[Any]] = field(default_factory=dict)
    delays: Mapping[Operation, float] = field(default_factory=dict)
    intake: Intake | None = None
    intake_topics: Sequence[str] = ()


Wiring = Callable[[Parts, contextlib.AsyncExitStack], Awaitable[StationSpec]]


@contextlib.asynccontextmanager
async def open_parts(name: str, settings: Settings) -> AsyncIterator[Parts]:
    """Open what a service needs, waiting for whatever is not there yet."""
    async with contextlib.AsyncExitStack() as stack:
        token = SecretText((settings.hsm_token or settings.state / "token").read_text().strip())
        module = await stack.enter_async_context(GrpcSecurityModule(settings.hsm, token))
        dsn = settings.require("database").reveal()
        pool = await until_it_passes(name, open_pool, dsn, 6)
        stack.push_async_callback(pool.close)
        producer = Producer(settings.kafka, client_id=f"{name}.{settings.site}")
        await until_it_passes(name, stack.enter_async_context, producer)
        keys = await until_it_passes(name, module.public_keys, "section/")
        sealer = Sealer(newest_keys(keys))
        yield Parts(
            name=name,
            settings=settings,
            pool=pool,
            module=module,
            producer=producer,
            sealer=sealer,
            tracer=CardTracer(name),
            measures=Measures(name),
            dead=DeadLetters(name, producer, module, sealer),
        )


async def open_vault(parts: Parts, stack: contextlib.AsyncExitStack) -> Vault:
    """Open the vault, rows and data keys, with this service's own role."""
    pools = []
    for name in ("vault", "datakeys"):
        dsn = parts.settings.require(name).reveal()
        pools.append(await until_it_passes(parts.name, open_pool, dsn, 4))
        stack.push_async_callback(pools[-1].close)
    rows, data_keys = pools
    return Vault(rows, DataKeys(data_keys), parts.module, parts.sealer)


async def renew_section_keys(parts: Parts) -> None:
    """Take up rotated keys of vault sections while the service runs."""
    while True:
        await asyncio.sleep(_RENEW_EVERY)
        keys = await until_it_passes(parts.name, parts.module.public_keys, "section/")
        parts.sealer.renew(newest_keys(keys))


def run_service(name: str, main: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a service until SIGTERM or SIGINT; what it holds is closed in order."""
    settings = Settings.from_environment()
    telemetry = configure(name, settings)
    # What is loaded now stays; cards come and go by reference counts, with few cycles.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        asyncio.run(_until_signalled(main(settings)))
    finally:
        telemetry.close()


async def _until_signalled(main: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(main)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def run_station(name: str, wire: Wiring) -> None:
    """Run a station; ``wire`` builds its desks and benches from the parts."""

    async def main(settings: Settings) -> None:
        async with open_parts(name, settings) as parts, contextlib.AsyncExitStack() as stack:
            await serve_station(parts, await wire(parts, stack))

    run_service(name, main)


async def serve_station(parts: Parts, spec: StationSpec) -> None:
    """Serve the station's topics until cancelled."""
    table = WorkTable()
    signer = FactSigner(parts.module, parts.name, parts.settings.site)
    outbox = Outbox(signer, parts.producer, parts.source)
    filed = asyncio.Event()
    inbox = Inbox(
        name=parts.name,
        pool=parts.pool,
        table=table,
        outbox=outbox,
        desks=spec.desks,
        tracer=parts.tracer,
        measures=parts.measures,
        dead=parts.dead,
        filed=filed,
    )
    topics = [orders(parts.name, parts.settings.site, express=lane) for lane in (True, False)]
    consumer = Consumer(
        parts.settings.kafka, topics, group=parts.name, instance=parts.settings.site
    )
    async with contextlib.AsyncExitStack() as stack:
        await until_it_passes(parts.name, stack.enter_async_context, consumer)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read_mail(parts.name, consumer, inbox))
            tasks.create_task(resend(parts, table, outbox, consumer))
            tasks.create_task(renew_section_keys(parts))
            for operation, bench in spec.benches.items():
                foreman = Foreman(
                    name=parts.name,
                    pool=parts.pool,
                    table=table,
                    operation=operation,
                    outbox=outbox,
                    bench=bench,
                    tracer=parts.tracer,
                    measures=parts.measures,
                    filed=filed,
                    delay=spec.delays.get(operation, 0.0),
                )
                tasks.create_task(foreman.run())
            if spec.intake is not None:
                tasks.create_task(receive(parts, spec.intake, spec.intake_topics, table, outbox))
            _log.info("%s is ready", parts.source)


async def read_mail(name: str, consumer: Consumer, inbox: Inbox) -> None:
    """Handle station mail, batch by batch."""
    async for batch in consumer.batches():
        await until_it_passes(name, inbox.handle, batch)
        consumer.done(batch)


async def receive(
    parts: Parts, intake: Intake, topics: Sequence[str], table: WorkTable, outbox: Outbox
) -> None:
    """Read ``topics`` from outside, batch by batch."""
    reception = Reception(
        name=parts.name,
        pool=parts.pool,
        table=table,
        outbox=outbox,
        intake=intake,
        tracer=parts.tracer,
        measures=parts.measures,
        dead=parts.dead,
        trace_ratio=parts.settings.trace_ratio,
    )
    consumer = Consumer(
        parts.settings.kafka,
        topics,
        group=f"{parts.name}.intake",
        instance=parts.settings.site,
    )
    async with contextlib.AsyncExitStack() as stack:
        await until_it_passes(parts.name, stack.enter_async_context, consumer)
        async for batch in consumer.batches():
            await until_it_passes(parts.name, reception.handle, batch)
            consumer.done(batch)


async def resend(parts: Parts, table: WorkTable, outbox: Outbox, consumer: Consumer) -> None:
    """Send facts again that custody has not acknowledged in time, and watch the queues."""
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        late = await until_it_passes(
            parts.name, table.overdue, parts.pool, _RESEND_AFTER, _RESEND_AT_ONCE
        )
        if late:
            _log.info("sent %d facts again", len(late), extra={"count": len(late)})
            await until_it_passes(parts.name, outbox.send, late)
        depth = await until_it_passes(parts.name, table.depth, parts.pool)
        parts.measures.queues(depth, consumer.lag())
