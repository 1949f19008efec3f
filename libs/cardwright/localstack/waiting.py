"""Waiting for a condition with a deadline: what the local stack does in place of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cardwright.localstack.errors import NotReadyError

__all__ = ["until"]

_POLL_S = 0.02


async def until(condition: Callable[[], Awaitable[bool]], within_s: float, what: str) -> None:
    """Return as soon as ``condition`` holds.

    Args:
        condition: asked again and again, every 20 ms; its own errors pass through.
        within_s: deadline in seconds.
        what: the end of the sentence "... was not so within n s".

    Raises:
        NotReadyError: if the deadline passes first.
    """
    try:
        async with asyncio.timeout(within_s) as deadline:
            while not await condition():  # noqa: ASYNC110  # other processes set no Event here
                await asyncio.sleep(_POLL_S)
    except TimeoutError as late:
        if not deadline.expired():  # the condition's own
            raise
        raise NotReadyError(f"{what}: not so within {within_s:g} s") from late
