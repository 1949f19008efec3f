from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TypeAlias

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from cardwright.eventlog.log import EventLog, FencedError, NewEvent
from cardwright.localstack.postgres import EmbeddedPostgres

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def event(stream: str, sequence: int = 1, kind: str = "printed") -> NewEvent:
    return NewEvent(stream, sequence, kind, datetime.now(UTC), bytes(32), b"body")


@pytest.fixture
async def log(pool: Pool) -> EventLog:
    made = EventLog(pool)
    await made.take_over()
    return made


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET kind = 'other'",
        "DELETE FROM event",
        "TRUNCATE event",
        "UPDATE {part} SET kind = 'other'",
        "DELETE FROM {part}",
        "TRUNCATE {part}",
    ],
)
async def test_the_database_refuses_to_change_the_log(
    log: EventLog, pool: Pool, owner: Connection, change: str
) -> None:
    stream = str(uuid7())
    await log.append([event(stream)])
    part = await owner.fetchval("SELECT tableoid::regclass::text FROM event LIMIT 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(change.format(part=part))
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(change.format(part=part))
    assert [row.kind for row in await log.streams([stream])] == ["printed"]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "CREATE TABLE mine (n int)",
        "SET session_replication_role = 'replica'",
        "INSERT INTO writer VALUES (true, 9)",
        "DELETE FROM writer",
    ],
)
async def test_the_runtime_role_owns_nothing(pool: Pool, change: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UniqueViolationError)):
        await pool.execute(change)


async def test_an_auditor_reads_and_writes_not(server: EmbeddedPostgres, log: EventLog) -> None:
    await log.append([event(str(uuid7()))])
    connection = await asyncpg.connect(server.dsn("cardwright_log", "cw_auditor", "test"))
    assert await connection.fetchval("SELECT count(*) FROM event")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE writer SET epoch = 99")
    await connection.close()


async def test_each_month_has_its_partition(log: EventLog, owner: Connection) -> None:
    parts = await owner.fetch(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass"
    )
    assert len(parts) == 13, "a year of months and the rest"
    stream = str(uuid7())
    old = "01000000-0000-7000-8000-000000000000"
    if not await log.streams([old]):
        await log.append([event(old)])
    await log.append([event(stream)])
    where = "SELECT tableoid::regclass::text FROM event WHERE stream_id = $1"
    assert await owner.fetchval(where, stream) == f"event_{datetime.now(UTC):%Y%m}"
    assert await owner.fetchval(where, old) == "event_rest"


async def test_positions_are_dense_and_pages_follow(log: EventLog) -> None:
    start, streams = log.position, [str(uuid7()) for _ in range(5)]
    first = await log.append([event(stream) for stream in streams])
    second = await log.append([event(stream, 2) for stream in streams])
    assert (first, second) == (start + 1, start + 6)
    page = await log.after(start, 7)
    assert [row.position for row in page] == list(range(start + 1, start + 8))
    assert [(row.stream_id, row.sequence) for row in await log.streams(streams[:1])] == [
        (streams[0], 1),
        (streams[0], 2),
    ]


async def test_open_streams_leave_out_what_has_ended(log: EventLog) -> None:
    lives, ended = str(uuid7()), str(uuid7())
    await log.append([event(lives), event(ended), event(ended, 2, "dispatched")])
    found = {row.stream_id async for row in log.open_streams()}
    assert lives in found
    assert ended not in found


async def test_a_batch_with_a_known_sequence_appends_nothing(log: EventLog) -> None:
    known, fresh = str(uuid7()), str(uuid7())
    await log.append([event(known)])
    before = log.position
    with pytest.raises(asyncpg.UniqueViolationError):
        await log.append([event(fresh), event(known)])
    assert await log.streams([fresh]) == []
    assert await log.append([event(fresh)]) == before + 1, "no position is skipped"


async def test_an_append_of_unknown_outcome_skips_and_doubles_no_position(
    log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit goes through, its answer is lost, and so is the next look at the log."""
    start, lost, later = log.position, str(uuid7()), str(uuid7())

    class Lossy:
        def acquire(self) -> object:
            return pool.acquire()

        async def fetchval(self, _: str) -> None:
            raise ConnectionResetError

    other = EventLog(pool)
    other.epoch = log.epoch
    await other.append([event(lost)])
    log._sure = False
    monkeypatch.setattr(log, "_pool", Lossy())
    with pytest.raises(ConnectionResetError):
        await log.append([event(later)])
    monkeypatch.setattr(log, "_pool", pool)
    assert await log.append([event(later)]) == start + 2


async def test_a_new_writer_fences_the_old(log: EventLog, pool: Pool) -> None:
    successor = EventLog(pool)
    await successor.take_over()
    stream = str(uuid7())
    with pytest.raises(FencedError):
        await log.append([event(stream)])
    assert await successor.append([event(stream)]) == successor.position


async def test_a_successor_waits_for_an_append_that_is_under_way(log: EventLog, pool: Pool) -> None:
    stream, successor = str(uuid7()), EventLog(pool)
    async with pool.acquire() as db, db.transaction():
        assert await db.fetchval("SELECT 1 FROM writer WHERE epoch = $1 FOR SHARE", log.epoch)
        taking = asyncio.create_task(successor.take_over())
        await db.execute(
            "INSERT INTO event VALUES ($1, $2, 1, 'printed', now(), $3, 'body')",
            log.position + 1,
            stream,
            bytes(32),
        )
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(10):
            while not await pool.fetchval(blocked):
                pass
        assert not taking.done()
    await taking
    assert successor.position == log.position + 1, "it goes on after what was under way"


async def test_a_writer_that_hangs_in_its_transaction_is_put_out(
    log: EventLog, pool: Pool, server: EmbeddedPostgres
) -> None:
    """Its session ends after five seconds; what it had begun never was."""
    stream, successor = str(uuid7()), EventLog(pool)
    hung = await asyncpg.connect(server.dsn("cardwright_log", "cw_custody", "test"))
    await hung.execute("BEGIN")
    await hung.fetchval("SELECT 1 FROM writer WHERE epoch = $1 FOR SHARE", log.epoch)
    async with asyncio.timeout(15):
        await successor.take_over()
    assert await successor.append([event(stream)]) == successor.position
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await hung.execute("COMMIT")
    hung.terminate()


async def test_the_mark_of_what_is_published_never_goes_back(log: EventLog) -> None:
    before = await log.published()
    await log.mark_published(before + 5)
    await log.mark_published(before + 2)
    assert await log.published() == before + 5
