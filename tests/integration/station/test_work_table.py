from __future__ import annotations

import asyncio
from typing import TypeAlias, cast

import asyncpg

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.card.events import RequestAccepted
from cardwright.station.deadletters import DeadLetters
from cardwright.station.intake import IntakeResult, NewDeadLetter, NewFact
from cardwright.station.ports import Transaction
from cardwright.station.reception import Reception
from cardwright.station.work import Entry, WorkTable
from tests.unit.station.station_kit import Station, mail, new_order

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
TABLE = WorkTable()


def entry(name: str, fact: bytes = b"fact") -> Entry:
    return Entry(name, False, "", fact)


async def test_an_order_is_answered_once(pool: Pool) -> None:
    assert await TABLE.answer(pool, [entry("a.1")]) == [entry("a.1")]
    assert await TABLE.answer(pool, [entry("a.1", b"other"), entry("b.1")]) == [entry("b.1")]
    assert (await TABLE.known(pool, ["a.1"]))["a.1"] == entry("a.1")
    await TABLE.acknowledge(pool, ["a.1"])
    assert await TABLE.answer(pool, [entry("a.1")]) == []
    assert await TABLE.known(pool, ["a.1", "z.9"]) == {"a.1": None}


async def test_only_what_is_late_and_unacknowledged_is_sent_again(pool: Pool) -> None:
    await TABLE.answer(pool, [entry("late.1"), entry("logged.1")])
    await pool.execute("UPDATE work SET sent_at = now() - interval '1 minute'")
    await TABLE.acknowledge(pool, ["logged.1"])
    await TABLE.answer(pool, [entry("fresh.1")])
    assert await TABLE.overdue(pool, 5, 10) == [entry("late.1")]
    assert await TABLE.overdue(pool, 5, 10) == [], "it was just sent again"


async def test_an_acknowledgement_that_comes_between_leaves_nothing_to_send(pool: Pool) -> None:
    await TABLE.answer(pool, [entry("a.1")])
    await pool.execute("UPDATE work SET sent_at = now() - interval '1 minute'")
    async with pool.acquire() as other, other.transaction():
        await TABLE.acknowledge(other, ["a.1"])
        resending = asyncio.create_task(TABLE.overdue(pool, 5, 10))
        async with asyncio.timeout(10):
            while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
    assert await resending == []


async def test_depth_counts_what_is_open(pool: Pool) -> None:
    station, orders = Station(pool), [new_order() for _ in range(3)]
    await station.inbox.handle([mail(order) for order in orders])
    await TABLE.begin(pool, "printer-1", [orders[0].order_id])
    await TABLE.answer(pool, [entry(orders[1].order_id)])
    assert await TABLE.depth(pool) == 2
    jobs = await TABLE.waiting(pool, Operation.PRINT, [], 10)
    assert [job.order for job in jobs] == [orders[2]]
    assert await TABLE.waiting(pool, Operation.PRINT, [orders[2].order_id], 10) == []
    assert await TABLE.waiting(pool, Operation.DESTROY, [], 10) == []


async def test_an_intent_comes_back_only_from_where_it_is(pool: Pool) -> None:
    station, order = Station(pool), new_order()
    await station.inbox.handle([mail(order)])
    assert await TABLE.begin(pool, "printer-1", [order.order_id]) == {order.order_id}
    assert await TABLE.begin(pool, "printer-2", [order.order_id]) == set()
    assert [job.order for job in await TABLE.begun(pool, "printer-1")] == [order]
    await TABLE.not_begun(pool, order.order_id)
    assert await TABLE.begun(pool, "printer-1") == []
    await TABLE.answer(pool, [entry(order.order_id)])
    await TABLE.not_begun(pool, order.order_id)
    assert await station.state(order) == "answered"


class Doorman:
    """An intake that opens a stream for each message, but for garbage."""

    async def handle(self, messages: list[Inbound], tx: Transaction) -> IntakeResult:
        del tx
        body = RequestAccepted("aurora-bank", "r-1", "emv-debit", 1)
        good = [message for message in messages if message.value != b"garbage"]
        return IntakeResult(
            [NewFact(each.value.decode(), body, lane_express=True) for each in good],
            [NewDeadLetter(m, "REQUEST_GARBAGE", "") for m in messages if m not in good],
        )


async def test_a_request_that_comes_twice_is_stated_once(pool: Pool) -> None:
    station = Station(pool)
    reception = Reception(
        name="request",
        pool=pool,
        table=TABLE,
        outbox=station.outbox,
        intake=Doorman(),  # type: ignore[arg-type]  # a list is a sequence
        tracer=station.tracer,
        measures=station.measures,
        dead=cast("DeadLetters", station.buried),
        trace_ratio=1.0,
    )
    card = new_order().card_id
    batch = [
        Inbound("requests.i", 0, n, None, v) for n, v in enumerate([card.encode(), b"garbage"])
    ]
    await reception.handle(batch)
    await reception.handle(batch)
    (sent,) = station.bus.sent
    assert (sent.key, sent.topic) == (card, "facts.express")
    assert station.buried.codes == ["REQUEST_GARBAGE"] * 2
    assert await pool.fetchval("SELECT order_id FROM work") == f"{card}.0"
