"""The moment between fork and exec: run as a script, it becomes the program it was told to start.

It forbids core dumps, drops root, ties its life to its parent's where the kernel can (Linux,
PR_SET_PDEATHSIG) or cuts the tie altogether, then replaces itself. The order matters: a change of
user clears the parent-death signal (prctl(2)). Standard library only: it runs
without site-packages.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _detach() -> None:
    """Leave the caller's session; the caller reads the new process's pid from standard output."""
    pid = os.fork()
    if pid:
        os.write(1, f"{pid}\n".encode())
        os._exit(0)
    os.setsid()
    os.dup2(2, 1)


def _leave_no_core() -> None:
    """A dump of a crashed program's memory would hold the secrets that it worked with."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(parent: int, number: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the kernel knew of the tie
        sys.exit("the parent is gone")


def main() -> None:
    """Carry out the order in the first argument: a JSON object, see ``process.child_command``."""
    order = json.loads(sys.argv[1])
    if order["parent"] is None:
        _detach()
    _leave_no_core()
    if order["run_as"] is not None:
        _become(*order["run_as"])
    if order["parent"] is not None:
        _die_with(order["parent"], order["on_parent_death"])
    try:
        os.execvp(order["argv"][0], order["argv"])  # noqa: S606  # to exec is its whole purpose
    except OSError as refused:
        sys.exit(f"{order['argv'][0]}: {refused.strerror}")


if __name__ == "__main__":
    main()
