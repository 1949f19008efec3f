"""The retransfer printer: its commands, before the engine that prints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cardwright.devices import fields
from cardwright.devices.engine import FAULTS, Engine, Job
from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan
from cardwright.devices.floor import Floor, Passport
from cardwright.devices.frames import Frame
from cardwright.devices.ledger import Ledger, Sync
from cardwright.devices.raster import unpack_raster
from cardwright.devices.server import Handler, Reply

__all__ = ["FAULTS", "Printer", "PrinterSettings"]

_LONGEST_WAIT = 30.0
_MOST_BLANKS = 100_000


@dataclass(frozen=True)
class PrinterSettings:
    """What an installer sets.

    Attributes:
        serial: the machine's serial number; also the prefix of blanks that came without one.
        depth: how many jobs may be queued behind the card in the engine.
        card_seconds: how long the mechanics take for one card.
        capacity: how many cards a new ribbon or film serves.
        sync: the ledger's durability (see ledger.py).
    """

    serial: str = "RTX-0001"
    depth: int = 8
    card_seconds: float = 0.0
    capacity: int = 1_000_000
    sync: Sync = "normal"


class Printer:
    """The machine behind the printer's commands.

    The queue is memory only: a job that power loss wiped out of it has touched no card, is
    ``unknown`` afterwards, and may be sent again. What an engine began is in the ledger for good.
    """

    def __init__(
        self, state: Path, floor: Floor, plan: FaultPlan, settings: PrinterSettings
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._settings, self._floor, self._plan = settings, floor, plan
        self._ledger = Ledger(state / "ledger.db", sync=settings.sync)
        self._engine = Engine(self._ledger, floor, settings.capacity, settings.card_seconds)

    @property
    def commands(self) -> Mapping[str, Handler]:
        """The handlers by command name (docs/devices.md)."""
        return {
            "HELLO": self._hello,
            "SUPPLIES": self._report_supplies,
            "LOAD": self._load,
            "PRINT": self._accept,
            "JOB": self._job,
            "CANCEL": self._cancel,
            "RESUME": self._resume,
            "FAULT": self._fault,
        }

    def recover(self) -> None:
        """Judge each card that power loss left in the engine."""
        self._engine.recover()

    async def run(self) -> None:
        """Print the queue."""
        await self._engine.run()

    async def close(self) -> None:
        """Finish the card in the engine."""
        await self._engine.close()

    async def _hello(self, _: Frame) -> Reply:
        return Reply(
            {
                "model": "Cardwright RTX retransfer printer (simulated)",
                "serial": self._settings.serial,
                "capabilities": ["retransfer", "duplex", "RGB", "L", "zlib"],
                "queue_depth": self._settings.depth,
                "protocol": 1,
            }
        )

    async def _report_supplies(self, _: Frame) -> Reply:
        stopped = (
            self._engine.obstacle(self._engine.queue[0])
            if self._engine.queue
            else self._engine.supplies.missing()
        )
        counts = {"hopper": self._engine.hopper.counts(), "queued": len(self._engine.queue)}
        return Reply({**self._engine.supplies.left, **counts, "stopped": stopped})

    async def _load(self, request: Frame) -> Reply:
        header = request.header
        material = fields.text(header, "material")
        coercivity = fields.choice(header, "stripe", ("hico", "loco", "none"), "hico")
        chip = header.get("chip", True) is True
        blanks = [
            Passport(serial, material, chip, None if coercivity == "none" else coercivity)
            for serial in self._serials(request)
        ]
        await self._engine.load(blanks)
        ends = {"first": blanks[0].blank, "last": blanks[-1].blank}
        return Reply({**ends, "loaded": len(blanks), "hopper": self._engine.hopper.counts()})

    def _serials(self, request: Frame) -> list[str]:
        given = request.header.get("serials")
        if given is None:
            count = fields.whole(request.header, "count", 1, _MOST_BLANKS)
            return self._engine.hopper.serials(self._settings.serial, count)
        if not isinstance(given, list) or not 0 < len(given) <= _MOST_BLANKS:
            raise DeviceError("BAD_FIELD", "serials must be a list of strings")
        if not all(fields.is_text(serial) for serial in given):
            raise DeviceError("BAD_FIELD", "serials must be a list of strings")
        return given

    async def _accept(self, request: Frame) -> Reply:
        job_id = fields.text(request.header, "job_id")
        if (state := self._state(job_id))["state"] != "unknown":
            return Reply(state)
        if self._floor.whereabouts(job_id) is not None:
            raise DeviceError("CARD_EXISTS", "another machine made a card of this id: use a new id")
        if len(self._engine.queue) >= self._settings.depth:
            raise DeviceError("QUEUE_FULL", f"{self._settings.depth} jobs wait: retry on a result")
        raster = unpack_raster(request.header, request.body)
        material = fields.text(request.header, "material")
        test = fields.flag(request.header, "test")
        self._engine.add(Job(job_id, material, raster, self._plan.draw(), test))
        return Reply(self._state(job_id))

    async def _job(self, request: Frame) -> Reply:
        job_id = fields.text(request.header, "job_id")
        wait = fields.seconds(request.header, "wait", _LONGEST_WAIT)
        job = self._engine.jobs.get(job_id)
        if job is None or not wait:
            return Reply(self._state(job_id))
        try:
            await asyncio.wait_for(job.settled.wait(), wait)
        except TimeoutError:
            return Reply(self._state(job_id))
        return Reply(job.state)

    def _state(self, job_id: str) -> dict[str, str]:
        if (job := self._engine.jobs.get(job_id)) is not None:
            stopped = self._engine.obstacle(job) if job in self._engine.queue else None
            return {**job.state, "stopped": stopped} if stopped else job.state
        self._floor.path(job_id)  # an id that can't be a card is refused, not unknown
        acts = self._ledger.acts(job_id=job_id, act="print")
        if not acts:
            return {"state": "unknown"}
        result, blank = str(acts[0].result), acts[0].blank
        if result in {"done", "interrupted"}:
            return {"state": result, "blank": blank}
        return {"state": "failed", "code": result, "blank": blank}

    async def _cancel(self, request: Frame) -> Reply:
        job = self._engine.jobs.get(fields.text(request.header, "job_id"))
        if job is None or job not in self._engine.queue:
            raise DeviceError("TOO_LATE", "only a queued job can be cancelled: ask JOB")
        self._engine.remove(job)
        return Reply(job.state)

    async def _resume(self, _: Frame) -> Reply:
        await self._engine.resume()
        return await self._report_supplies(Frame({}))

    async def _fault(self, request: Frame) -> Reply:
        return Reply(self._plan.command(request.header))
