from __future__ import annotations

import asyncio

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError

from cardwright.eventlog.log import FencedError
from cardwright.hsm.port import HsmError
from cardwright.station import faults
from cardwright.station.faults import is_passing, until_it_passes


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (KafkaConnectionError(), True),
        (asyncpg.ConnectionDoesNotExistError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.AdminShutdownError(), True),
        (HsmError("HSM_UNAVAILABLE", "away"), True),
        (HsmError("HSM_DENIED", "no"), False),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.InsufficientPrivilegeError(), False),
        (asyncpg.UndefinedTableError(), False),
        (FencedError(), False),
        (KeyError("x"), False),
    ],
)
def test_waiting_mends_what_is_away_and_nothing_else(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


async def test_a_value_that_cant_be_encoded_is_a_bug() -> None:
    """asyncpg's own DataError is an InterfaceError: waiting would block a partition for ever."""
    from asyncpg.exceptions._base import InterfaceError

    error = type("DataError", (InterfaceError, ValueError), {})("invalid UUID")
    assert not is_passing(error)


async def test_pauses_grow_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    attempts = iter([*[ConnectionResetError()] * 9, None])

    async def attempt(given: str) -> str:
        if error := next(attempts):
            raise error
        return given

    assert await until_it_passes("test", attempt, "done") == "done"
    assert naps == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]


async def test_what_does_not_pass_ends_the_attempt() -> None:
    async def attempt() -> None:
        raise FencedError

    with pytest.raises(FencedError):
        await until_it_passes("test", attempt)


def test_every_passing_fault_is_listed_once() -> None:
    assert len(set(faults.PASSING)) == len(faults.PASSING)
