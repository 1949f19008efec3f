"""Processes that sleep: alive, holding what they hold, and doing nothing."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from tests.support.line import LineUnderTest

__all__ = ["asleep"]


@contextlib.contextmanager
def asleep(line: LineUnderTest, *names: str) -> Iterator[None]:
    """Stop processes for as long as the block lasts."""
    for name in names:
        line.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            line.kill(name, signal.SIGCONT)
