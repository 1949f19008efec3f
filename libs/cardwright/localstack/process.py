"""What a process of the local stack is, and the two ways to start one: as a child, or detached."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cardwright.localstack.errors import ProcessFailedError, log_tail
from cardwright.localstack.pids import ProcessIdentity, identify

__all__ = ["ProcessSpec", "UnixUser", "spawn_child", "spawn_detached"]

_EXEC_CHILD = Path(__file__).with_name("exec_child.py")


@dataclass(frozen=True)
class UnixUser:
    """The numeric user and group a process runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class ProcessSpec:
    """One program of the stack.

    Attributes:
        name: unique within a supervisor.
        argv: program and arguments.
        log: file that standard output and error are appended to (created 0600).
        env: variables added to the caller's environment.
        cwd: working directory; None for the caller's.
        ready: asked until it says yes; with None and no ``ready_file``, running is ready.
        ready_file: a file the program creates when it is ready; removed before each start.
        ready_within_s: deadline of the first start, seconds.
        stop_signal: asks for an orderly end.
        stop_within_s: grace before SIGKILL, seconds.
        on_parent_death: signal the kernel sends when the supervisor dies (Linux).
        run_as: user to change to before exec; None for the caller's.
        started: told the identity of each process a supervisor makes of this spec.
        restart: whether a supervisor starts it again after it ended by itself.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_file: Path | None = None
    ready_within_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 10.0
    on_parent_death: signal.Signals = signal.SIGKILL
    run_as: UnixUser | None = None
    started: Callable[[ProcessIdentity], None] | None = None
    restart: bool = True

    async def is_ready(self) -> bool:
        """Tell whether the program, known to be running, can be used."""
        if self.ready_file is not None and not await asyncio.to_thread(self.ready_file.exists):
            return False
        return self.ready is None or await self.ready()


async def spawn_child(spec: ProcessSpec) -> asyncio.subprocess.Process:
    """Start the program as a child that leads a process group and dies with its parent.

    The kernel counts the *thread* that called this as the parent: call it from the thread that
    lives as long as the supervisor, which an event loop in the main thread is.
    """
    with _clean_start(spec) as log:
        return await asyncio.create_subprocess_exec(
            *child_command(spec, parent=os.getpid()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **spec.env},
            cwd=spec.cwd,
            start_new_session=True,
        )


def spawn_detached(spec: ProcessSpec) -> ProcessIdentity:
    """Start the program so that it outlives the caller.

    Raises:
        ProcessFailedError: if it ended at once.
    """
    with _clean_start(spec) as log:
        launcher = subprocess.run(  # noqa: S603  # argv is the stack's own, no shell
            child_command(spec, parent=None),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **spec.env},
            cwd=spec.cwd,
            check=False,
        )
    process = identify(int(launcher.stdout)) if launcher.returncode == 0 else None
    if process is None:
        raise ProcessFailedError(f"{spec.name} ended at once; its log ends:\n{log_tail(spec.log)}")
    return process


def child_command(spec: ProcessSpec, *, parent: int | None) -> list[str]:
    """Return the argv that turns into ``spec.argv``; ``parent`` None detaches it."""
    order = {
        "argv": spec.argv,
        "parent": parent,
        "on_parent_death": int(spec.on_parent_death),
        "run_as": None if spec.run_as is None else [spec.run_as.uid, spec.run_as.gid],
    }
    return [sys.executable, "-I", "-S", str(_EXEC_CHILD), json.dumps(order)]


def _clean_start(spec: ProcessSpec) -> BinaryIO:
    """Remove what an earlier run would let look ready, and open the log."""
    if spec.ready_file is not None:
        spec.ready_file.unlink(missing_ok=True)
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(spec.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
