"""Passing faults: what a station waits out instead of failing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import asyncpg
from aiokafka.errors import KafkaError

from cardwright.hsm.port import HsmError

__all__ = ["PASSING", "is_passing", "until_it_passes"]

_log = logging.getLogger(__name__)
_SHORTEST, _LONGEST = 0.05, 2.0

PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    KafkaError,
    HsmError,
    OSError,
    TimeoutError,
)
"""A database, broker, device or security module that is away; anything else is a bug."""

P = ParamSpec("P")
T = TypeVar("T")


def is_passing(error: BaseException) -> bool:
    """Say whether waiting may mend it: a denial of the security module is no passing fault."""
    if isinstance(error, HsmError):
        return error.passes
    # A value that asyncpg can't encode is a bug, though it comes as an InterfaceError.
    return isinstance(error, PASSING) and not isinstance(error, ValueError)


async def until_it_passes(
    what: str, attempt: Callable[P, Awaitable[T]], *args: P.args, **options: P.kwargs
) -> T:
    """Try until no passing fault stands in the way, with growing pauses.

    Other errors go to the caller and end the process: a run of them is a bad deploy, which must
    stop the consumer and not dead-letter everything.
    """
    pause = _SHORTEST
    while True:
        try:
            return await attempt(*args, **options)
        except PASSING as error:
            if not is_passing(error):
                raise
            _log.warning("%s waits for a passing fault: %s", what, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST)
