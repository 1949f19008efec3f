"""Supervisor: keeps named processes running, tells who they are, and leaves none behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from cardwright.localstack.errors import AlreadySupervisedError
from cardwright.localstack.kept import Backoff, KeptProcess, State
from cardwright.localstack.pids import ProcessIdentity, identify
from cardwright.localstack.process import ProcessSpec
from cardwright.localstack.waiting import until

__all__ = ["ProcessStatus", "StackStatus", "Supervisor", "read_status", "stop_recorded"]


@dataclass(frozen=True)
class ProcessStatus:
    """One line of the status file.

    Attributes:
        name: the process's name.
        state: what its keeper is doing.
        identity: the running process; None while there is none.
        restarts: how often it was started again after it ended by itself.
        log: path of its log file.
    """

    name: str
    state: State
    identity: ProcessIdentity | None
    restarts: int
    log: str


@dataclass(frozen=True)
class StackStatus:
    """The status file: the supervisor and its processes, in the order they were started."""

    supervisor: ProcessIdentity
    processes: tuple[ProcessStatus, ...]


class Supervisor:
    """Starts processes, restarts those that crash, stops all of them in reverse order.

    Children die with the supervisor: in order by ``stop_all`` (or leaving ``async with``), and on
    Linux by the kernel when the supervisor is killed outright. Use it from the main thread's loop.

    Args:
        status_file: rewritten, atomically, whenever something changes; removed by ``stop_all``.
        backoff: the pauses between restarts.
    """

    def __init__(self, status_file: Path, backoff: Backoff | None = None) -> None:
        self._status_file = status_file.absolute()
        self._backoff = backoff or Backoff()
        self._kept: dict[str, KeptProcess] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.stop_all()

    async def start(self, spec: ProcessSpec) -> ProcessIdentity:
        """Start a process and return its identity once it is ready.

        Raises:
            AlreadySupervisedError: there is a process of this name.
            ProcessFailedError: it ended again and again before it was ready.
            NotReadyError: it runs and did not become ready in time.
        """
        if spec.name in self._kept:
            raise AlreadySupervisedError(f"{spec.name} is under supervision: stop it first")
        kept = KeptProcess(spec, self._backoff, changed=self._write_status)
        self._kept[spec.name] = kept
        try:
            return await kept.start()
        except BaseException:
            await self.stop(spec.name)
            raise

    async def stop(self, name: str) -> None:
        """Stop one process for good: its stop signal, and SIGKILL after its grace."""
        await self._kept[name].stop()
        del self._kept[name]
        self._write_status()

    async def stop_all(self) -> None:
        """Stop every process, the last started first."""
        for name in reversed(tuple(self._kept)):
            await self.stop(name)
        self._status_file.unlink(missing_ok=True)

    async def run_until_signalled(self) -> None:
        """Return when SIGINT or SIGTERM arrives: the main loop of a supervising program."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, asked.set)
        try:
            await asked.wait()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def restarts(self, name: str) -> int:
        """Return how often the process was restarted after it ended by itself."""
        return self._kept[name].restarts

    def statuses(self) -> tuple[ProcessStatus, ...]:
        """Return the present state of every process, in the order they were started."""
        return tuple(
            ProcessStatus(name, kept.state, kept.identity, kept.restarts, str(kept.spec.log))
            for name, kept in self._kept.items()
        )

    def _write_status(self) -> None:
        me = identify(os.getpid())
        assert me is not None, "this process is alive"
        self._status_file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._status_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(StackStatus(me, self.statuses())), indent=1))
        fresh.replace(self._status_file)


def read_status(status_file: Path) -> StackStatus | None:
    """Read a status file; None when there is none."""
    if not status_file.exists():
        return None
    status = json.loads(status_file.read_text())
    return StackStatus(
        ProcessIdentity(**status["supervisor"]),
        tuple(
            ProcessStatus(
                name=line["name"],
                state=State(line["state"]),
                identity=None if line["identity"] is None else ProcessIdentity(**line["identity"]),
                restarts=line["restarts"],
                log=line["log"],
            )
            for line in status["processes"]
        ),
    )


async def stop_recorded(status_file: Path, within_s: float = 30.0) -> None:
    """Stop the stack that a status file describes, from another process.

    The supervisor is asked to stop everything. Processes it left (it may have been killed where
    the kernel has no parent-death signal) are killed; pids that were reused are left alone.

    Raises:
        NotReadyError: something still runs at the deadline.
    """
    status = await asyncio.to_thread(read_status, status_file)
    if status is None:
        return
    status.supervisor.signal(signal.SIGTERM)
    await until(_ended(status.supervisor), within_s, "the supervisor ended when asked to")
    for line in reversed(status.processes):
        if line.identity is not None and line.identity.signal(signal.SIGKILL, group=True):
            await until(_ended(line.identity), within_s, f"{line.name} ended when killed")
    await asyncio.to_thread(status_file.unlink, missing_ok=True)


def _ended(process: ProcessIdentity) -> Callable[[], Awaitable[bool]]:
    async def ended() -> bool:
        return not process.alive()

    return ended
