"""Where work is: ordered on the bus, in a station's work table, behind a lock in a database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import asyncpg

from cardwright.bus.topics import orders
from cardwright.card import STATION_OF, Card
from cardwright.line.databases import database_of
from cardwright.line.layout import SITE
from cardwright.localstack.waiting import until
from tests.chaos.wire import read_all
from tests.support.line import LineUnderTest

__all__ = ["until_ordered", "until_work_is", "waits_for_a_lock"]


async def until_ordered(line: LineUnderTest, card: Card) -> None:
    """Wait until the order that a card is due for is on the bus."""
    assert card.due is not None
    topic = orders(STATION_OF[card.due], SITE, express=card.express)

    async def ordered() -> bool:
        said = await read_all(line.line.bootstrap, [topic])
        return any(card.order_id.encode() in (record.value or b"") for record in said)

    await until(ordered, 30, f"{card.due.name} is ordered")


async def until_work_is(line: LineUnderTest, station: str, order_id: str, *states: str) -> None:
    """Wait until a station's order is in one of these states."""
    async with _database(line, database_of(station)) as database:

        async def so() -> bool:
            query = "SELECT state FROM work WHERE order_id = $1"
            return await database.fetchval(query, order_id) in states

        await until(so, 30, f"{order_id} is {' or '.join(states)} at {station}")


async def waits_for_a_lock(line: LineUnderTest, name: str) -> None:
    """Wait until a session of a database is held up by another's lock."""
    async with _database(line, name) as database:

        async def so() -> bool:
            query = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = $1 AND wait_event_type = 'Lock'"
            )
            return bool(await database.fetchval(query, name))

        await until(so, 30, f"a session waits in {name}")


@contextlib.asynccontextmanager
async def _database(
    line: LineUnderTest, name: str
) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(line.line.superuser_dsn(name))
    try:
        yield connection
    finally:
        await connection.close()
