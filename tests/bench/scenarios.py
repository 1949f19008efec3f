"""What is measured of a line: throughput, an idle line, express cards at rest and under load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardwright.eventlog.codec import decode_event
from tests.bench.bench_line import BenchLine, Logged
from tests.bench.latency import Spread, ends, spread, steps
from tests.bench.procfs import cpu_between, database_cpu_by_role

__all__ = ["Express", "Idle", "Throughput", "express_cards", "idle", "throughput"]

_BETWEEN_EXPRESS = 0.3
_LOOK_EVERY = 0.1
_OCTETS_A_MB = 1e6


@dataclass(frozen=True, slots=True)
class Throughput:
    """A batch through the whole line.

    Attributes:
        seconds: from the first request sent to the last card logged as dispatched.
        cpu_ms: CPU milliseconds a card, by process; its children included.
        database_ms: the database's part, by the role it served.
        peak_mb: peak resident memory by process, 10^6 octets; of the database its largest process.
        step_ms: latency by the kind of event that ends the step.
    """

    cards: int
    seconds: float
    cpu_ms: Mapping[str, float]
    database_ms: Mapping[str, float]
    peak_mb: Mapping[str, float]
    step_ms: Mapping[str, Spread]

    @property
    def rate(self) -> float:
        """Cards a second."""
        return self.cards / self.seconds

    @property
    def cpu_ms_a_card(self) -> float:
        """CPU of all processes together."""
        return sum(self.cpu_ms.values())


@dataclass(frozen=True, slots=True)
class Idle:
    """Cores that a line without work burns, by process."""

    cores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Express:
    """Express cards, one after the other, from the request sent to the dispatch logged.

    ``device_ms`` is the time that machines had the card in hand; it is part of ``total_ms``.
    """

    total_ms: Spread
    device_ms: Spread
    step_ms: Mapping[str, Spread]


async def throughput(line: BenchLine, cards: int) -> Throughput:
    """Send ``cards`` requests at once and wait until all cards have left."""
    messages = line.messages(cards, "load")
    position, used = await line.position(), line.usage()
    database = database_cpu_by_role(line.pids["postgres"])
    began = time.perf_counter()
    async with line.issuer() as issuer:
        await issuer.submit(messages)
    await line.until_ended(cards, position)
    seconds = time.perf_counter() - began
    after, database_after = line.usage(), database_cpu_by_role(line.pids["postgres"])
    return Throughput(
        cards=cards,
        seconds=seconds,
        cpu_ms={n: s / cards * 1e3 for n, s in cpu_between(used, after).items()},
        database_ms={
            role: (seconds - database.get(role, 0.0)) / cards * 1e3
            for role, seconds in database_after.items()
        },
        peak_mb={
            name: (each.largest if name == "postgres" else each.peak) / _OCTETS_A_MB
            for name, each in after.items()
        },
        step_ms=steps(await line.logged(position)),
    )


async def idle(line: BenchLine, seconds: float) -> Idle:
    """Look at a line that has nothing to do."""
    before = line.usage()
    await asyncio.sleep(seconds)
    return Idle({name: cpu / seconds for name, cpu in cpu_between(before, line.usage()).items()})


async def express_cards(line: BenchLine, count: int, prefix: str) -> Express:
    """Send express cards one by one; the line may or may not have other work meanwhile."""
    position = await line.position()
    reader = _Reader(line, position)
    sent: dict[str, datetime] = {}
    async with line.issuer() as issuer:
        for message in line.messages(count, prefix, express=True):
            at = datetime.now().astimezone()
            await issuer.submit([message])
            sent[await reader.until_dispatched(message.key.decode())] = at
            await asyncio.sleep(_BETWEEN_EXPRESS)
    logged = [event for event in await line.logged(position) if event.card_id in sent]
    left, machines = ends(logged), line.device_seconds(sent)
    return Express(
        total_ms=spread((left[card] - at).total_seconds() for card, at in sent.items()),
        device_ms=spread(machines.values()),
        step_ms=_with_first(steps(logged), logged, sent),
    )


def _with_first(
    found: dict[str, Spread],
    logged: Sequence[Logged],
    sent: Mapping[str, datetime],
) -> dict[str, Spread]:
    accepted = (event for event in logged if event.kind == "request_accepted")
    first = spread((e.recorded_at - sent[e.card_id]).total_seconds() for e in accepted)
    return {"request_accepted": first, **found}


class _Reader:
    """Follows the log, reading each event once: looking must not load the line."""

    def __init__(self, line: BenchLine, position: int) -> None:
        self._log, self._position = line.under_test.log, position

    async def until_dispatched(self, request_id: str) -> str:
        """Wait until the card of this request has left; returns its id."""
        found = ""
        while True:
            rows = await self._log.fetch(
                "SELECT position, stream_id::text, kind, body FROM event WHERE position > $1"
                " AND kind IN ('request_accepted', 'dispatched') ORDER BY position",
                self._position,
            )
            for row in rows:
                self._position = row["position"]
                if row["kind"] == "request_accepted":
                    body = decode_event(row["body"]).fact.body
                    if getattr(body, "request_id", "") == request_id:
                        found = row["stream_id"]
                elif row["stream_id"] == found:
                    return found
            await asyncio.sleep(_LOOK_EVERY)
