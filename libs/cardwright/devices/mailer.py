"""The PIN mailer printer: numbered sealed forms, one a job, into a locked tray."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cardwright.devices import fields
from cardwright.devices.engine import POWER_CUT_EXIT
from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan
from cardwright.devices.forms import FormStack
from cardwright.devices.frames import Frame
from cardwright.devices.ledger import GroupCommit, Ledger, Sync, finish, start
from cardwright.devices.letters import Keep, Letter, PostTray, parse_letter
from cardwright.devices.server import Handler, Reply

__all__ = ["FAULTS", "Mailer", "MailerSettings"]

FAULTS = ("forms_out", "jam", "power_cut", "power_cut_late")
_LONGEST_WAIT = 30.0
_MOST_FORMS = 100_000


@dataclass(frozen=True)
class MailerSettings:
    """What an installer sets.

    Attributes:
        serial: the machine's serial number; also the prefix of forms that came without one.
        depth: how many jobs may be queued behind the form in the path.
        form_seconds: how long the mechanics take for one form.
        keep: what stays of a mailer: "none", "sealed", or "all", for people who try this out.
        sync: the ledger's durability (see ledger.py).
    """

    serial: str = "PMX-0001"
    depth: int = 8
    form_seconds: float = 0.0
    keep: Keep = "all"
    sync: Sync = "normal"


@dataclass(slots=True, eq=False)
class _Job:
    """A job in the machine's memory; its letter is gone once it is printed."""

    job_id: str
    letter: Letter = field(repr=False)
    faults: frozenset[str]
    state: dict[str, str] = field(default_factory=lambda: {"state": "queued"})
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, **state: str) -> None:
        self.state = state
        self.settled.set()


class Mailer:
    """The machine behind the commands of docs/devices.md, "PIN mailer printer".

    The queue is memory only: what power loss wiped out of it was never printed, is ``unknown``
    afterwards, and may be sent again. A form that was begun is in the ledger for good.
    """

    def __init__(self, state: Path, plan: FaultPlan, settings: MailerSettings) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._settings, self._plan = settings, plan
        self._ledger = Ledger(state / "ledger.db", sync=settings.sync)
        self._commits = GroupCommit(self._ledger)
        self._forms = FormStack(self._ledger)
        self._tray = PostTray(state, settings.keep)
        self._queue: list[_Job] = []
        self._jobs: dict[str, _Job] = {}
        self._sensor_empty = False
        self._loading = asyncio.Lock()
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def commands(self) -> Mapping[str, Handler]:
        """The handlers by command name."""
        return {
            "HELLO": self._hello,
            "SUPPLIES": self._supplies,
            "LOAD": self._load,
            "PRINT": self._accept,
            "JOB": self._job,
            "CANCEL": self._cancel,
            "RESUME": self._resume,
            "FAULT": self._fault,
        }

    def recover(self) -> None:
        """Judge each form that power loss left in the path by where it lies."""
        closing = []
        for act in self._ledger.open_acts():
            posted = self._tray.posted(act.blank)
            if not posted:
                self._tray.set_stuck(act.blank)
            result = "done" if posted else "interrupted"
            closing.append(finish(act.job_id, "print", result, recovered=True))
        self._ledger.commit(closing)

    async def run(self) -> None:
        """Print the queue for ever, first in, first out."""
        while True:
            while not self._queue or self._obstacle():
                self._changed.clear()
                await self._changed.wait()
            self._idle.clear()
            await self._print(self._queue.pop(0))
            self._idle.set()

    async def close(self) -> None:
        """Finish the form in the path; the queue is forgotten."""
        self._queue.clear()
        await self._idle.wait()
        await self._commits.close()
        self._ledger.close()

    def _obstacle(self) -> str | None:
        return "FORMS_OUT" if self._sensor_empty or not self._forms else None

    async def _print(self, job: _Job) -> None:
        form, taken = self._forms.take()
        await self._commits.submit(taken, start(job.job_id, job.job_id, form, "print"))
        job.state = {"state": "printing"}  # not before it is true whatever happens
        self._tray.begin(form)
        # The timer is the simulated mechanics, not a wait for somebody.
        await asyncio.sleep(self._settings.form_seconds)
        if "power_cut" in job.faults:
            os._exit(POWER_CUT_EXIT)
        if "jam" in job.faults:
            self._tray.shred(form)
            await self._end(job, "MAILER_JAM", state="failed", code="MAILER_JAM", form=form)
            return
        await asyncio.to_thread(self._tray.deliver, form, job.letter)
        if "power_cut_late" in job.faults:
            os._exit(POWER_CUT_EXIT)
        await self._end(job, "done", state="done", form=form)

    async def _end(self, job: _Job, result: str, **state: str) -> None:
        await self._commits.submit(finish(job.job_id, "print", result))
        self._jobs.pop(job.job_id)
        job.settle(**state)

    async def _hello(self, _: Frame) -> Reply:
        return Reply(
            {
                "model": "Cardwright PMX PIN mailer printer (simulated)",
                "serial": self._settings.serial,
                "capabilities": ["sealed-forms", "scratch-field"],
                "queue_depth": self._settings.depth,
                "protocol": 1,
            }
        )

    async def _supplies(self, _: Frame) -> Reply:
        return Reply(
            {
                "forms": len(self._forms),
                "next": self._forms.next,
                "queued": len(self._queue),
                "stopped": self._obstacle(),
            }
        )

    async def _load(self, request: Frame) -> Reply:
        serials = self._serials(request)
        async with self._loading:  # whether a serial is known is asked of what was committed
            await self._commits.submit(*self._forms.load(serials))
        self._sensor_empty = False
        self._changed.set()
        ends = {"first": serials[0], "last": serials[-1]}
        return Reply({**ends, "loaded": len(serials), "forms": len(self._forms)})

    def _serials(self, request: Frame) -> list[str]:
        given = request.header.get("serials")
        if given is None:
            count = fields.whole(request.header, "count", 1, _MOST_FORMS)
            return self._forms.serials(self._settings.serial, count)
        if not isinstance(given, list) or not 0 < len(given) <= _MOST_FORMS:
            raise DeviceError("BAD_FIELD", "serials must be a list of serial numbers")
        return [fields.name(serial) for serial in given]

    async def _accept(self, request: Frame) -> Reply:
        job_id = fields.name(request.header.get("job_id"))
        if (state := self._state(job_id))["state"] != "unknown":
            return Reply(state)
        if len(self._queue) >= self._settings.depth:
            raise DeviceError("QUEUE_FULL", f"{self._settings.depth} jobs wait: retry on a result")
        job = _Job(job_id, parse_letter(request.body), self._plan.draw())
        self._sensor_empty |= "forms_out" in job.faults
        self._jobs[job_id] = job
        self._queue.append(job)
        self._changed.set()
        return Reply(self._state(job_id))

    async def _job(self, request: Frame) -> Reply:
        job_id = fields.name(request.header.get("job_id"))
        wait = fields.seconds(request.header, "wait", _LONGEST_WAIT)
        job = self._jobs.get(job_id)
        if job is None or not wait:
            return Reply(self._state(job_id))
        try:
            await asyncio.wait_for(job.settled.wait(), wait)
        except TimeoutError:
            return Reply(self._state(job_id))
        return Reply(job.state)

    def _state(self, job_id: str) -> dict[str, str]:
        if (job := self._jobs.get(job_id)) is not None:
            stopped = self._obstacle() if job in self._queue else None
            return {**job.state, "stopped": stopped} if stopped else job.state
        acts = self._ledger.acts(job_id=job_id, act="print")
        if not acts:
            return {"state": "unknown"}
        result, form = str(acts[0].result), acts[0].blank
        if result in {"done", "interrupted"}:
            return {"state": result, "form": form}
        return {"state": "failed", "code": result, "form": form}

    async def _cancel(self, request: Frame) -> Reply:
        job = self._jobs.get(fields.name(request.header.get("job_id")))
        if job is None or job not in self._queue:
            raise DeviceError("TOO_LATE", "only a queued job can be cancelled: ask JOB")
        self._queue.remove(job)
        self._jobs.pop(job.job_id)
        job.settle(state="cancelled")
        return Reply(job.state)

    async def _resume(self, _: Frame) -> Reply:
        self._sensor_empty = False
        self._changed.set()
        return await self._supplies(Frame({}))

    async def _fault(self, request: Frame) -> Reply:
        return Reply(self._plan.command(request.header))
