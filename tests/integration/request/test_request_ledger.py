from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from cardwright.card.events import RequestAccepted, RequestRefused
from cardwright.localstack.waiting import until
from services.request.adapters.ledger import PostgresLedger
from services.request.domain.claims import Claim, Held, Position, Repeated, Verdict

LEDGER = PostgresLedger()


@pytest_asyncio.fixture
async def pool(request_database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(request_database, min_size=2, max_size=2) as pool:
        yield pool


def accepted() -> RequestAccepted:
    return RequestAccepted(
        "aurora-bank", f"r-{uuid4()}", "emv-debit", 2, ("a/1", "b/2"), test_card=True
    )


def claim(verdict: Verdict, offset: int, value: bytes = b"") -> Claim:
    return Claim(
        Position("requests.aurora-bank", 0, offset),
        hashlib.sha256(value or f"{verdict.request_id} {offset}".encode()).digest(),
        UUID(bytes=uuid7().bytes),
        verdict,
    )


def again(first: Claim) -> Claim:
    """The same message, redelivered: judged anew, with a new stream proposed."""
    verdict = RequestRefused("aurora-bank", first.verdict.request_id, "", "LATER", "changed")
    return replace(first, stream_id=UUID(bytes=uuid7().bytes), verdict=verdict)


async def ask(pool: asyncpg.Pool, *claims: Claim) -> list[Held | Repeated]:
    async with pool.acquire() as connection, connection.transaction():
        return await LEDGER.claim(claims, connection)


async def test_the_first_message_holds_the_id(pool: asyncpg.Pool) -> None:
    first, second = claim(good := accepted(), 1), claim(good, 2)
    refused = claim(RequestRefused("aurora-bank", f"r-{uuid4()}", "", "PAN_LUHN", "why"), 3)
    assert await ask(pool, first, second, refused) == [
        Held(first.stream_id, good, new=True),
        Repeated(second.stream_id, same_content=False),
        Held(refused.stream_id, refused.verdict, new=True),
    ]


async def test_a_redelivery_finds_what_was_said_first(pool: asyncpg.Pool) -> None:
    first, second = claim(good := accepted(), 1), claim(good, 2)
    await ask(pool, first, second)
    assert await ask(pool, again(second), again(first)) == [
        Repeated(second.stream_id, same_content=False),
        Held(first.stream_id, good, new=False),
    ]


async def test_the_same_content_at_another_place(pool: asyncpg.Pool) -> None:
    first = claim(good := accepted(), 1, b"same")
    second = claim(good, 2, b"same")
    await ask(pool, first)
    assert await ask(pool, second) == [Repeated(second.stream_id, same_content=True)]


async def test_a_new_topic_with_old_offsets_is_no_redelivery(pool: asyncpg.Pool) -> None:
    good = accepted()
    await ask(pool, claim(good, 1, b"old"))
    second, third = claim(good, 1, b"new"), claim(good, 1, b"newer")
    assert await ask(pool, second) == [Repeated(second.stream_id, same_content=False)]
    assert await ask(pool, third) == [Repeated(third.stream_id, same_content=False)]


async def test_two_consumers_of_one_message_agree(pool: asyncpg.Pool) -> None:
    first = claim(accepted(), 1)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await LEDGER.claim([first], connection)
        other = asyncio.create_task(ask(pool, again(first)))
        await blocked(connection)
        await transaction.commit()
    assert await other == [Held(first.stream_id, first.verdict, new=False)]


async def test_a_rollback_leaves_the_id_free(pool: asyncpg.Pool) -> None:
    first, second = claim(good := accepted(), 1), claim(good, 2)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await LEDGER.claim([first], connection)
        await transaction.rollback()
    assert await ask(pool, second) == [Held(second.stream_id, good, new=True)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM request",
        "TRUNCATE request",
        "UPDATE request SET code = ''",
        "DROP TABLE request",
    ],
)
async def test_the_service_can_not_forget(pool: asyncpg.Pool, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)


async def blocked(connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
    """Wait until another connection waits for this one's transaction."""

    async def waits() -> bool:
        query = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
        return bool(await connection.fetchval(query))

    await until(waits, within_s=10, what="the second claim waits")
