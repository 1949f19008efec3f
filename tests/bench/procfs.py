"""What processes used, read from Linux's /proc (proc(5)): no process is asked to count itself."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "cpu_between", "database_cpu_by_role", "usage"]

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _CUTIME, _CSTIME = 11, 12, 13, 14  # fields 14-17 of stat, counted after the name
_PPID = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process with all its descendants, dead ones included.

    Attributes:
        cpu: user and system time, seconds.
        peak: sum of the living processes' peak resident sets (VmHWM), octets.
        largest: the largest of them, octets; to be used where the memory is shared.
    """

    cpu: float
    peak: int
    largest: int


def usage(pids: Mapping[str, int]) -> dict[str, Usage]:
    """Return what each named process tree used so far."""
    children = _children()
    return {name: _tree(pid, children) for name, pid in pids.items()}


def cpu_between(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> dict[str, float]:
    """Return the CPU seconds each tree used between two readings."""
    return {name: used.cpu - before[name].cpu for name, used in after.items() if name in before}


def database_cpu_by_role(postmaster: int) -> dict[str, float]:
    """Return CPU seconds of the living backends by the role they serve; others by their title."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for pid in _descendants(postmaster, _children()):
        title = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").strip("\0 ")
        words = title.removeprefix("postgres: ").split()
        role = words[0] if words and words[0].startswith("cw_") else " ".join(words[:2])
        own = _stat(pid)
        if own is not None:
            seconds[role] += (own[_UTIME] + own[_STIME]) / _TICKS
    return seconds


def _tree(root: int, children: Mapping[int, list[int]]) -> Usage:
    ticks, peaks = 0, [0]
    for pid in (root, *_descendants(root, children)):
        fields = _stat(pid)
        if fields is not None:
            ticks += sum(fields[_UTIME : _CSTIME + 1])
            peaks.append(_peak(pid))
    return Usage(ticks / _TICKS, sum(peaks), max(peaks))


def _children() -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))) is not None:
            found[fields[_PPID]].append(int(entry.name))
    return found


def _descendants(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    for child in children.get(root, ()):
        yield child
        yield from _descendants(child, children)


def _stat(pid: int) -> list[int] | None:
    """Return the numbers after the process's name; None if it is gone. The state becomes 0."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    _, *numbers = text.rpartition(")")[2].split()
    return [0, *map(int, numbers)]


def _peak(pid: int) -> int:
    try:
        status = (_PROC / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0  # a zombie has no memory
