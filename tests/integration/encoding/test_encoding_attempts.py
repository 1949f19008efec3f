"""What the station keeps of chips, in a real Postgres and by its own role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from cardwright.line.databases import database_of, role_of
from cardwright.localstack.postgres import EmbeddedPostgres
from services.encoding.adapters.attempts import PostgresAttempts
from services.encoding.ports import Attempt


@pytest_asyncio.fixture
async def kept(server: EmbeddedPostgres) -> AsyncIterator[PostgresAttempts]:
    superuser = await asyncpg.connect(server.dsn(database_of("encoding")))
    await superuser.execute("TRUNCATE chip_attempt, chip_piece")
    await superuser.close()

    async with asyncpg.create_pool(
        server.dsn(database_of("encoding")),
        user=role_of("encoding"),
        password="test",
        max_size=3,
        min_size=1,
    ) as pool:
        yield PostgresAttempts(pool)


def chip(number: int) -> bytes:
    return number.to_bytes(18, "big")


async def test_attempts_are_counted_until_a_chip_is_made(kept: PostgresAttempts) -> None:
    tries = [Attempt("B-1", 0x30, 0x42), Attempt("B-1", 0x30, 0x42), Attempt("B-2", 0x30, 0)]
    assert [await kept.begin(each) for each in tries] == [1, 2, 1]
    assert await kept.last("B-1") == tries[0]
    await kept.forget("B-1")
    assert await kept.last("B-1") is None
    assert await kept.last("B-2") == tries[2]


async def test_a_chip_belongs_to_the_blank_in_which_it_was_first_found(
    kept: PostgresAttempts,
) -> None:
    assert await kept.belongs(chip(1), "B-1")
    assert await kept.belongs(chip(1), "B-1"), "seen again"
    assert not await kept.belongs(chip(1), "B-2"), "another blank"
    assert not await kept.belongs(chip(2), "B-1"), "another chip in it"
    assert await kept.belongs(chip(2), "B-2"), "both are still free"


async def test_chips_that_are_found_at_once_are_told_apart(kept: PostgresAttempts) -> None:
    pairs = [(n, f"B-{n}") for n in range(20)] + [(3, "B-99"), (98, "B-4")]
    found = await asyncio.gather(*(kept.belongs(chip(n), piece) for n, piece in pairs))
    assert found == [True] * 20 + [False, False]


@pytest.mark.parametrize("octets", [b"", bytes(17)])
async def test_what_is_no_makers_mark_is_refused(kept: PostgresAttempts, octets: bytes) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await kept.belongs(octets, "B-1")
