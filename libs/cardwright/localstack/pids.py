"""Process identities that survive pid reuse: a pid together with the process's start time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HAS_PROC", "ProcessIdentity", "identify", "works_in"]

_PROC = Path("/proc")
HAS_PROC = (_PROC / "self" / "stat").exists()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, for as long as the machine is up.

    Attributes:
        pid: process id.
        started: opaque start time; two processes that had the same pid differ in it.
    """

    pid: int
    started: str

    def alive(self) -> bool:
        """Tell whether this very process still runs (a zombie does not)."""
        return _start_time(self.pid) == self.started

    def signal(self, number: signal.Signals, *, group: bool = False) -> bool:
        """Send a signal, never to a later process with the same pid; tell whether it was sent.

        Args:
            number: the signal.
            group: send it to the process group which this process leads.
        """
        if not self.alive():
            return False
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)
            return True
        return False


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a live process, None when there is none with this pid."""
    started = _start_time(pid)
    return None if started is None else ProcessIdentity(pid, started)


def works_in(directory: Path) -> bool:
    """Tell whether a live process's working directory is ``directory`` (where HAS_PROC).

    Every process of a Postgres server works in its cluster's directory until it has let go of the
    shared memory. Processes of other accounts are seen by root alone.
    """
    wanted = str(directory.resolve())
    for process in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, a zombie, or not ours to look at
            if str((process / "cwd").readlink()) == wanted:
                return True
    return False


def _start_time(pid: int) -> str | None:
    if not HAS_PROC:
        return None if _ps(pid, "stat").startswith("Z") else _ps(pid, "lstart") or None
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name in parentheses may hold spaces; state is field 3, starttime field 22.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{fields[19]}"


def _ps(pid: int, column: str) -> str:
    found = subprocess.run(  # noqa: S603  # a fixed program and a number
        ["/bin/ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
