"""One process under supervision: started, restarted after a crash, and stopped for good."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cardwright.localstack.errors import ProcessFailedError, log_tail
from cardwright.localstack.pids import ProcessIdentity, identify
from cardwright.localstack.process import ProcessSpec, spawn_child
from cardwright.localstack.waiting import until

__all__ = ["Backoff", "KeptProcess", "State"]

_CRASHES_BEFORE_READY = 3


class State(StrEnum):
    """What the keeper of a process is doing."""

    STARTING = "starting"
    RUNNING = "running"
    BACKING_OFF = "backing off"
    ENDED = "ended"


@dataclass(frozen=True)
class Backoff:
    """Pauses between restarts, in seconds: doubling from ``first_s`` to at most ``cap_s``.

    A process that ran for ``steady_s`` starts again at ``first_s``.
    """

    first_s: float = 0.2
    cap_s: float = 10.0
    steady_s: float = 30.0

    def after(self, pause_s: float, ran_s: float) -> float:
        """Return the pause after a run of ``ran_s``, the pause before which was ``pause_s``."""
        if pause_s == 0 or ran_s >= self.steady_s:
            return self.first_s
        return min(2 * pause_s, self.cap_s)


class KeptProcess:
    """Keeps one program running; every start is a new process of the same spec.

    Args:
        spec: the program.
        backoff: the pauses between restarts.
        changed: called whenever identity, state or count of restarts change.
    """

    def __init__(self, spec: ProcessSpec, backoff: Backoff, changed: Callable[[], None]) -> None:
        self.spec = spec
        self.state = State.STARTING
        self.identity: ProcessIdentity | None = None
        self.restarts = 0
        self._backoff = backoff
        self._changed = changed
        self._child: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> ProcessIdentity:
        """Start the program, and return the identity it has once it is ready."""
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        await until(self._is_ready, self.spec.ready_within_s, f"{self.spec.name} is ready")
        self._become(State.RUNNING)
        assert self.identity is not None, "a process that is ready runs"
        return self.identity

    async def stop(self) -> None:
        """Stop the program and keep it stopped; what is left of its process group is killed."""
        self._stopping.set()
        if self._keeper is None:
            return
        if self._child is not None and self._child.returncode is None:
            self._child.send_signal(self.spec.stop_signal)
        # Only waited for, not awaited: a keeper's own failure must not keep others from stopping.
        await asyncio.wait({self._keeper}, timeout=self.spec.stop_within_s)
        self._kill_group()
        await asyncio.wait({self._keeper})

    async def _keep(self) -> None:
        """Run the program again and again until told to stop."""
        loop = asyncio.get_running_loop()
        pause_s = 0.0
        while not self._stopping.is_set():
            began = loop.time()
            await self._run_once()
            if self._stopping.is_set() or not self.spec.restart:
                break
            pause_s = self._backoff.after(pause_s, loop.time() - began)
            self._become(State.BACKING_OFF)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
                break
            self.restarts += 1
        self._become(State.ENDED)

    async def _run_once(self) -> None:
        self._child = await spawn_child(self.spec)
        self.identity = identify(self._child.pid)
        if self.identity is not None and self.spec.started is not None:
            self.spec.started(self.identity)
        self._become(State.RUNNING if self.restarts else State.STARTING)
        if self._stopping.is_set():  # it was told to stop while the child was being made
            self._child.send_signal(self.spec.stop_signal)
        await self._child.wait()
        self.identity = None

    async def _is_ready(self) -> bool:
        assert self._keeper is not None, "only a started process is asked"
        if self._keeper.done():
            self._keeper.result()  # the keeper's own failure, if any, says more
        if self._keeper.done() or self.restarts >= _CRASHES_BEFORE_READY:
            raise ProcessFailedError(
                f"{self.spec.name} ended before it was ready;"
                f" its log ends:\n{log_tail(self.spec.log)}"
            )
        return self.identity is not None and self.identity.alive() and await self.spec.is_ready()

    def _kill_group(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def _become(self, state: State) -> None:
        self.state = state
        self._changed()
