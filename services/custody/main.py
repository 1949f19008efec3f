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
from cardwright.station.runtime import (
    Parts,
    open_parts,
    renew_section_keys,
    run_service,
)
from cardwright.station.signers import Signers
from cardwright.station.signing import FactSigner
from services.custody.adapters.publisher import Publisher
from services.custody.domain.control import Control
from services.custody.handlers import Custodian

__all__ = ["main"]

_NAME = "custody"
_RENEW_EVERY = 5.0


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
    verifier = SignatureVerifier({})
    signers = Signers(parts.module, verifier)
    await until_it_passes(_NAME, signers.renew)
    return Custodian(
        site=parts.settings.site,
        log=EventLog(parts.pool),
        verifier=verifier,
        signers=signers,
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


async def _renew_signers(custodian: Custodian) -> None:
    """Take up what ceremonies did to signers' keys: no compromised one is trusted for long."""
    while True:
        await asyncio.sleep(_RENEW_EVERY)
        await until_it_passes(_NAME, custodian.signers.renew)


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
            tasks.create_task(renew_section_keys(parts))
            tasks.create_task(_renew_signers(custodian))


def main() -> None:
    """Run custody until it is told to stop, or another one took over."""
    run_service(_NAME, _serve)
