"""The printer's mechanics: one engine that turns queued jobs and blanks into printed cards."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cardwright.devices.floor import BACK, FRONT, Floor, Passport
from cardwright.devices.hopper import Hopper, Supplies
from cardwright.devices.ledger import Act, GroupCommit, Ledger, Statement, finish, start
from cardwright.devices.raster import Raster, to_jpegs

__all__ = ["FAULTS", "POWER_CUT_EXIT", "Engine", "Job"]

FAULTS = (
    *("ribbon_out", "film_out", "hopper_empty", "jam", "misfeed", "smudge"),
    *("power_cut", "power_cut_late"),
)
POWER_CUT_EXIT = 70


@dataclass(slots=True, eq=False)
class Job:
    """One print job in the machine's memory.

    Attributes:
        raster: the artwork, or None for a blank pass.
        faults: what this card will suffer.
        test: the card will be a test card.
        state: as JOB answers it.
        settled: set when the state is final.
    """

    job_id: str
    material: str
    raster: Raster | None
    faults: frozenset[str]
    test: bool = False
    state: dict[str, str] = field(default_factory=lambda: {"state": "queued"})
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, **state: str) -> None:
        """Give the job its final state and tell who waits."""
        self.state = state
        self.settled.set()


class Engine:
    """Prints the queue, first in, first out, and stands still while something is missing.

    Attributes:
        queue: jobs that no blank was taken for yet; memory only.
        jobs: queued, printing, or awaiting their last commit, by id.
        hopper, supplies: what it consumes.
    """

    def __init__(self, ledger: Ledger, floor: Floor, capacity: int, card_seconds: float) -> None:
        self._ledger, self._floor, self._card_seconds = ledger, floor, card_seconds
        self._commits = GroupCommit(ledger)
        self.hopper = Hopper(ledger)
        self.supplies = Supplies(ledger, capacity)
        self.queue: list[Job] = []
        self.jobs: dict[str, Job] = {}
        self._hopper_sensor_empty = False
        self._loading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, job: Job) -> None:
        """Queue a job; a fault that empties a supply shows at once."""
        for cassette in ("ribbon", "film"):
            if f"{cassette}_out" in job.faults:
                self.supplies.run_out(cassette)
        self._hopper_sensor_empty |= "hopper_empty" in job.faults
        self.jobs[job.job_id] = job
        self.queue.append(job)
        self._changed.set()

    def remove(self, job: Job) -> None:
        """Forget a queued job."""
        self.queue.remove(job)
        self.jobs.pop(job.job_id)
        job.settle(state="cancelled")
        self._changed.set()

    async def load(self, blanks: Sequence[Passport]) -> None:
        """Put blanks into the hopper."""
        async with self._loading:  # whether a serial is known is asked of what was committed
            await self._commits.submit(*self.hopper.load(blanks))
        self._hopper_sensor_empty = False
        self._changed.set()

    async def resume(self) -> None:
        """The operator has replaced what had run out."""
        await self._commits.submit(*self.supplies.replace())
        self._hopper_sensor_empty = False
        self._changed.set()

    def recover(self) -> None:
        """Judge each card that power loss left in the engine by what it looks like."""
        self._ledger.commit(
            [self._verdict(act) for act in self._ledger.open_acts() if act.act == "print"]
        )

    async def run(self) -> None:
        """Print for ever; an error of the ledger or the floor ends it."""
        async with asyncio.TaskGroup() as self._reports:
            while True:
                while not self.queue or self.obstacle(self.queue[0]):
                    self._changed.clear()
                    await self._changed.wait()
                self._idle.clear()
                await self._print(self.queue.pop(0))
                self._idle.set()

    async def close(self) -> None:
        """Finish the card in the engine; the queue is forgotten."""
        self.queue.clear()
        await self._idle.wait()
        await self._commits.close()
        self._ledger.close()

    def obstacle(self, job: Job) -> str | None:
        """Why the engine can't take this job now: a code, or None."""
        if self._hopper_sensor_empty or not self.hopper.has(job.material):
            return "HOPPER_EMPTY"
        return self.supplies.missing()

    async def _print(self, job: Job) -> None:
        blank, taken = self.hopper.take(job.material)
        announced = start(job.job_id, job.job_id, blank.blank, "print", material=job.material)
        await self._commits.submit(taken, *self.supplies.use(), announced)
        job.state = {"state": "printing"}  # not before it is true whatever happens
        blank = replace(blank, test=job.test)
        self._floor.place(job.job_id, blank)
        if "misfeed" in job.faults:
            self._fail(job, blank, "MISFEED", *self._double_feed(job))
            return
        # The timer is the simulated mechanics, not a wait for somebody.
        jpegs, _ = await asyncio.gather(_render(job), asyncio.sleep(self._card_seconds))
        if "power_cut" in job.faults:
            os._exit(POWER_CUT_EXIT)
        if "jam" in job.faults:
            self._fail(job, blank, "PRINTER_JAM")
            return
        for name, jpeg in zip((FRONT, BACK), jpegs, strict=False):
            self._floor.write(job.job_id, name, jpeg)
        self._floor.stamp(job.job_id, replace(blank, printed=True))
        if "power_cut_late" in job.faults:
            os._exit(POWER_CUT_EXIT)
        self._end(job, finish(job.job_id, "print", "done"), state="done", blank=blank.blank)

    def _fail(self, job: Job, blank: Passport, code: str, *more: Statement) -> None:
        self._floor.spoil(job.job_id, blank, code)
        closing = finish(job.job_id, "print", code)
        self._end(job, closing, *more, state="failed", code=code, blank=blank.blank)

    def _double_feed(self, job: Job) -> list[Statement]:
        """A second blank came along and is ruined too."""
        if not self.hopper.has(job.material):
            return []
        second, taken = self.hopper.take(job.material)
        waste = f"{job.job_id[:120]}-double"
        self._floor.spoil(waste, second, "MISFEED")
        announced = start(job.job_id, waste, second.blank, "spoil")
        return [taken, announced, finish(job.job_id, "spoil", "MISFEED")]

    def _end(self, job: Job, *statements: Statement, **state: str) -> None:
        """Close a job without holding the engine: the next card's start shares the commit."""
        durable = self._commits.submit(*statements)
        self._reports.create_task(self._report(job, durable, state))

    async def _report(self, job: Job, durable: asyncio.Future[None], state: dict[str, str]) -> None:
        await durable
        self.jobs.pop(job.job_id)
        job.settle(**state)

    def _verdict(self, act: Act) -> Statement:
        where = self._floor.whereabouts(act.card)
        if where == "reject":  # it was spoilt before the power went
            code = self._floor.passport(act.card, where).spoiled or "interrupted"
            return finish(act.job_id, "print", code, recovered=True)
        if where == "floor" and self._floor.passport(act.card).printed:
            return finish(act.job_id, "print", "done", recovered=True)
        self._floor.spoil(act.card, self.hopper.was(act.blank), "interrupted")
        return finish(act.job_id, "print", "interrupted", recovered=True)


async def _render(job: Job) -> list[bytes]:
    """The printed faces; in a thread, since Pillow lets others work while it compresses."""
    if job.raster is None:
        return []
    return await asyncio.to_thread(to_jpegs, job.raster, smudged="smudge" in job.faults)
