"""What the database and both brokers share: start once, adopt what runs, stop in order."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from cardwright.localstack.errors import NotReadyError, ProcessFailedError, log_tail
from cardwright.localstack.pids import ProcessIdentity
from cardwright.localstack.ports import require_free_port
from cardwright.localstack.process import ProcessSpec, spawn_detached
from cardwright.localstack.processes import Supervisor
from cardwright.localstack.waiting import until

__all__ = ["LocalServer"]


class LocalServer(ABC):
    """A server on 127.0.0.1 with a data directory of its own.

    It runs either detached (``start``), to be adopted by whoever starts it next, or as a child of
    a supervisor (``start_supervised``). A record of pid, start time and port in the data directory
    tells a running server from a stale record.

    Attributes:
        data_dir: absolute directory with everything the server keeps.
        port: TCP port; after adoption, the port of the server that was found.
        adopted: whether the last start found the server running.
    """

    name: str

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.adopted = False

    @abstractmethod
    def prepare(self) -> None:
        """Make the data directory fit to start from; idempotent."""

    @abstractmethod
    def process(self) -> ProcessSpec:
        """Return the server's foreground process."""

    @abstractmethod
    async def answers(self) -> bool:
        """Tell whether the server answers a real request of its own protocol."""

    async def make_way(self) -> None:
        """Wait for what a killed predecessor may hold for a moment longer: its port."""
        await require_free_port(self.port, self.name)

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.data_dir / f"{self.name}.log"

    def identity(self) -> ProcessIdentity | None:
        """Return the running process that the record names, None when it doesn't run."""
        if not self._record.exists():
            return None
        record = json.loads(self._record.read_text())
        process = ProcessIdentity(record["pid"], record["started"])
        return process if process.alive() else None

    async def start(self) -> None:
        """Adopt the server if it runs, else start it detached; return when it answers.

        Raises:
            PortInUseError: another program holds the port.
            ProcessFailedError: the server ended before it answered.
            NotReadyError: it runs and does not answer in time.
        """
        async with self._alone():
            if await self._adopt():
                return
            await self.make_way()
            await asyncio.to_thread(self.prepare)
            process = await asyncio.to_thread(spawn_detached, self.process())
            self._keep_record(process)
            await self._wait_for(process)

    async def start_supervised(self, supervisor: Supervisor) -> None:
        """Adopt the server if it runs, else start it as the supervisor's child.

        A child is the supervisor's to stop, since it would restart what ``stop`` ends.
        """
        async with self._alone():
            if await self._adopt():
                return
            await self.make_way()
            await asyncio.to_thread(self.prepare)
            await supervisor.start(replace(self.process(), started=self._keep_record))

    async def stop(self) -> None:
        """Stop the server if it runs: in order, or by SIGKILL once its grace has passed."""
        process = await asyncio.to_thread(self.identity)
        if process is None:
            return
        spec = self.process()

        async def ended() -> bool:
            return not process.alive()

        process.signal(spec.stop_signal)
        try:
            await until(ended, spec.stop_within_s, f"{self.name} ended when asked to")
        except NotReadyError:
            process.signal(signal.SIGKILL, group=True)
            await until(ended, spec.stop_within_s, f"{self.name} ended when killed")
        await asyncio.to_thread(self._record.unlink, missing_ok=True)

    @property
    def _record(self) -> Path:
        return self.data_dir / f"{self.name}.run.json"

    async def _adopt(self) -> bool:
        process = await asyncio.to_thread(self.identity)
        self.adopted = process is not None
        if process is not None:
            self.port = json.loads(await asyncio.to_thread(self._record.read_text))["port"]
            try:
                await self._wait_for(process)
            except ProcessFailedError:  # it was about to end, killed a moment ago perhaps
                self.adopted = False
        return self.adopted

    async def _wait_for(self, process: ProcessIdentity) -> None:
        async def answers() -> bool:
            if not process.alive():
                raise ProcessFailedError(
                    f"{self.name} ended before it answered on port {self.port};"
                    f" its log ends:\n{log_tail(self.log)}"
                )
            return await self.answers()

        await until(answers, self.process().ready_within_s, f"{self.name} answers")

    def _keep_record(self, process: ProcessIdentity) -> None:
        fresh = self._record.with_suffix(".new")
        fresh.write_text(
            json.dumps({"pid": process.pid, "started": process.started, "port": self.port})
        )
        fresh.replace(self._record)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Hold the lock that keeps two starts of one data directory apart."""
        lock = await asyncio.to_thread(_open_lock, self.data_dir)
        try:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield
        finally:
            lock.close()


def _open_lock(data_dir: Path) -> TextIO:
    data_dir.mkdir(parents=True, exist_ok=True)
    return (data_dir / "start.lock").open("w")
