"""The foreman of a bench: intents before acts, questions after a crash, answers in batches.

Claims, intents and answers each cost a transaction however many cards they are about. So the batch
lane waits a moment for company wherever that keeps no device waiting; express orders never do.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from cardwright.card import Body, Operation
from cardwright.station.faults import until_it_passes
from cardwright.station.measures import Measures
from cardwright.station.outbox import Outbox
from cardwright.station.ports import (
    Answer,
    Attended,
    Bench,
    Device,
    DeviceUnavailableError,
    NotBegun,
)
from cardwright.station.work import Job, WorkTable
from cardwright.telemetry import CardTracer

__all__ = ["Foreman"]

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 1.0
_PACE = 0.05
"""Seconds from one commit about the batch lane to the next."""
_SHORTEST, _LONGEST = 0.05, 2.0


@dataclass(slots=True, order=True)
class _Prepared:
    later: bool
    number: int
    job: Job = field(compare=False)
    material: Any = field(compare=False)


@dataclass(slots=True)
class Foreman:
    """Runs one bench: claims orders, prepares material, and keeps its devices busy.

    ``delay`` is how many seconds an order waits before it is looked at.
    """

    name: str
    pool: asyncpg.Pool[asyncpg.Record]
    table: WorkTable
    operation: Operation
    outbox: Outbox
    bench: Bench[Any]
    tracer: CardTracer
    measures: Measures
    filed: asyncio.Event
    delay: float = 0.0
    _claimed: set[str] = field(default_factory=set)
    _ready: asyncio.PriorityQueue[_Prepared] = field(default_factory=asyncio.PriorityQueue)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _answers: asyncio.Queue[tuple[Job, Answer, int]] = field(default_factory=asyncio.Queue)

    @property
    def _capacity(self) -> int:
        """How many jobs are prepared ahead: enough to refill each device once."""
        return max(2, sum(device.depth for device in self.bench.devices))

    @property
    def _half_empty(self) -> bool:
        return self._ready.qsize() <= self._capacity // 2

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._claim())
            tasks.create_task(self._conclude())
            for device in self.bench.devices:
                tasks.create_task(self._operate(device))

    async def _claim(self) -> None:
        while True:
            room = self._capacity - self._ready.qsize()
            jobs = await until_it_passes(
                self.name,
                self.table.waiting,
                self.pool,
                self.operation,
                self._claimed,
                max(1, room),
                express_only=room < 1,
                delay=self.delay,
            )
            if jobs:
                await self._prepare(jobs)
            if not (jobs and self._half_empty):
                await self._next_filing()

    async def _prepare(self, jobs: Sequence[Job]) -> None:
        self._claimed |= {job.order.order_id for job in jobs}
        orders = [job.order for job in jobs]
        materials = await until_it_passes(self.name, self.bench.prepare, orders)
        for job in jobs:
            material = materials[job.order.order_id]
            if isinstance(material, Answer):
                await self._answers.put((job, material, time.time_ns()))
            else:
                number, later = next(self._numbers), not job.order.express
                await self._ready.put(_Prepared(later, number, job, material))

    async def _next_filing(self) -> None:
        """Wait for the inbox, or for room; look now and then, since an intent may come back."""
        try:
            await asyncio.wait_for(self.filed.wait(), _LOOK_AGAIN)
        except TimeoutError:
            return
        finally:
            self.filed.clear()

    async def _operate(self, device: Device[Any]) -> None:
        for job in await until_it_passes(self.name, self.table.begun, self.pool, device.name):
            self._claimed.add(job.order.order_id)
            await self._ask(device, job)
        room, clock, not_before = asyncio.Semaphore(device.depth), asyncio.get_running_loop(), 0.0
        async with asyncio.TaskGroup() as acts:
            while True:
                await room.acquire()
                if isinstance(device, Attended):
                    await device.ready()
                batch = [await self._ready.get()]
                if batch[0].later:
                    await asyncio.sleep(not_before - clock.time())
                while not self._ready.empty() and not room.locked():
                    await room.acquire()
                    batch.append(self._ready.get_nowait())
                not_before = clock.time() + _PACE
                if self._half_empty:
                    self.filed.set()
                for prepared in await self._intend(device, batch, room):
                    act = acts.create_task(self._act(device, prepared))
                    act.add_done_callback(lambda _: room.release())

    async def _intend(
        self, device: Device[Any], batch: Sequence[_Prepared], room: asyncio.Semaphore
    ) -> list[_Prepared]:
        """Commit the intent of a whole batch; an order withdrawn meanwhile is not begun."""
        ids = [prepared.job.order.order_id for prepared in batch]
        begun = await until_it_passes(self.name, self.table.begin, self.pool, device.name, ids)
        for prepared in batch:
            if prepared.job.order.order_id not in begun:
                self._claimed.discard(prepared.job.order.order_id)
                room.release()
        return [prepared for prepared in batch if prepared.job.order.order_id in begun]

    async def _act(self, device: Device[Any], prepared: _Prepared) -> None:
        order, began = prepared.job.order, time.time_ns()
        try:
            body: Body = await device.perform(order, prepared.material)
        except DeviceUnavailableError as error:
            _log.warning(
                "%s can't work now", device.name, extra={"code": error.code, "device": device.name}
            )
            await self._ask(device, prepared.job)
            return
        self.measures.act(device.name, time.time_ns() - began)
        await self._answers.put((prepared.job, Answer(order.order_id, body), began))

    async def _ask(self, device: Device[Any], job: Job) -> None:
        """Ask until the device can tell what became of the job."""
        pause, began = _SHORTEST, time.time_ns()
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)
            try:
                found = await device.recall(job.order)
            except DeviceUnavailableError:
                continue
            break
        order_id = job.order.order_id
        if isinstance(found, NotBegun):
            await until_it_passes(self.name, self.table.not_begun, self.pool, order_id)
            self._claimed.discard(order_id)
            self.filed.set()
        else:
            await self._answers.put((job, Answer(order_id, found), began))

    async def _conclude(self) -> None:
        clock, not_before = asyncio.get_running_loop(), 0.0
        while True:
            batch = [await self._answers.get()]
            while not batch[-1][0].order.express:
                try:
                    async with asyncio.timeout_at(not_before):
                        batch.append(await self._answers.get())
                except TimeoutError:
                    break
            while not self._answers.empty():
                batch.append(self._answers.get_nowait())
            not_before = clock.time() + _PACE
            await until_it_passes(self.name, self._file, batch)
            self._claimed -= {answer.order_id for _, answer, _ in batch}

    async def _file(self, batch: Sequence[tuple[Job, Answer, int]]) -> None:
        answers = [answer for _, answer, _ in batch]
        onward = self.tracer.cards(
            f"{self.name} bench",
            [job.traceparent for job, _, _ in batch],
            min(b for *_, b in batch),
        )
        entries = await self.outbox.sign(
            answers,
            {job.order.order_id: job.order.express for job, _, _ in batch},
            dict(zip((answer.order_id for answer in answers), onward, strict=True)),
        )
        async with self.pool.acquire() as connection, connection.transaction():
            filed = await self.table.answer(connection, entries)
        await self.outbox.send(filed)
        self.measures.answered(answer.body for answer in answers)
