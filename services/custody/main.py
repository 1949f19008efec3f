"""Wires custody: the log, the verifier, production control, the bus."""

from __future__ import annotations

import asyncio
import contextlib

from cardwright.bus import Consumer
from cardwright.bus.topics import FACTS, FACTS_EXPRESS
from cardwright.custody.statement import SignatureVerifier
from cardwright.eventlog.log import EventLog
from cardwright.settings import FromEnvironment, Settings
from cardwright.station.faults import until_it_passes
from cardwright.station.runtime import Parts, open_parts, run_service
from cardwright.station.signing import FactSigner
from services.custody.adapters.publisher import Publisher
from services.custody.domain.control import Control
from services.custody.handlers import Custodian

__all__ = ["main"]

_NAME = "custody"


class Limits(FromEnvironment):
    """CARDWRIGHT_OUTSTANDING, _RESEND_AFTER and _TICK: how production control paces stations.

    Attributes:
        outstanding: how many batch orders a station may have at once.
        resend_after: seconds until an order without an answer is sent again, the first time.
        tick: seconds between looks at what is overdue.
    """

    outstanding: int = 300
    resend_after: float = 10.0
    tick: float = 0.5


async def _wire(parts: Parts, limits: Limits) -> Custodian:
    keys = await until_it_passes(_NAME, parts.module.public_keys, "sign/")
    return Custodian(
        site=parts.settings.site,
        log=EventLog(parts.pool),
        verifier=SignatureVerifier({key.key_id: key.value for key in keys}),
        signer=FactSigner(parts.module, _NAME, parts.settings.site),
        publisher=Publisher(parts.producer, parts.settings.site, parts.settings.trace_ratio),
        control=Control(limits.outstanding, limits.resend_after),
        dead=parts.dead,
        tracer=parts.tracer,
        measures=parts.measures,
    )


async def _read_facts(consumer: Consumer, custodian: Custodian) -> None:
    async for batch in consumer.batches():
        await until_it_passes(_NAME, custodian.handle, batch)
        consumer.done(batch)


async def _tick(custodian: Custodian, consumer: Consumer, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await until_it_passes(_NAME, custodian.tick)
        custodian.measures.queues(custodian.control.open_orders(), consumer.lag())


async def _serve(settings: Settings) -> None:
    limits = Limits.from_environment()
    async with open_parts(_NAME, settings) as parts, contextlib.AsyncExitStack() as stack:
        custodian = await _wire(parts, limits)
        await until_it_passes(_NAME, custodian.start)
        consumer = Consumer(
            settings.kafka,
            [FACTS_EXPRESS, FACTS],
            group=_NAME,
            instance=settings.site,
            max_records=250,
        )
        await until_it_passes(_NAME, stack.enter_async_context, consumer)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_read_facts(consumer, custodian))
            tasks.create_task(_tick(custodian, consumer, limits.tick))


def main() -> None:
    """Run custody until it is told to stop, or another one took over."""
    run_service(_NAME, _serve)
