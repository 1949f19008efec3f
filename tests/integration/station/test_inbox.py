from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import asyncpg
import pytest
from aiokafka.errors import KafkaError

from cardwright.bus import Inbound
from cardwright.card import Operation
from cardwright.card.events import OperationCancelled, Printed
from cardwright.station.ports import Transaction, WorkOrder
from tests.unit.station.station_kit import FakeDesk, Station, logged, mail, new_order

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def station(pool: Pool, desk: FakeDesk) -> Station:
    return Station(pool, desks={Operation.PACK: desk})


async def test_a_desk_answers_and_a_duplicate_gets_the_same_bytes(
    station: Station, desk: FakeDesk
) -> None:
    order = new_order(Operation.PACK, express=True)
    await station.inbox.handle([mail(order), mail(order)])
    await station.inbox.handle([mail(order)])
    first, again = station.bus.sent
    assert first.value == again.value
    assert first.topic == again.topic == "facts.express"
    assert desk.handled == [order.order_id]


async def test_what_is_acknowledged_is_silent_for_ever(station: Station, desk: FakeDesk) -> None:
    order = new_order(Operation.PACK)
    await station.inbox.handle([mail(order)])
    await station.inbox.handle([logged(order), mail(order)])
    await station.inbox.handle([mail(order), mail(order, cancel=True)])
    assert len(station.bus.sent) == 1
    assert desk.handled == [order.order_id]
    kept = await station.pool.fetchrow("SELECT state, fact FROM work")
    assert (kept["state"], kept["fact"]) == ("acknowledged", None)


async def test_a_failing_desk_leaves_nothing_behind(
    station: Station, desk: FakeDesk, pool: Pool
) -> None:
    packed, printed = new_order(Operation.PACK), new_order(Operation.PRINT)

    async def write(orders: Sequence[WorkOrder], tx: Transaction) -> None:
        await tx.execute(
            "INSERT INTO work (order_id, state, express) VALUES ($1, 'waiting', false)",
            f"effect of {orders[0].order_id}",
        )

    desk.also, desk.fault = write, ConnectionResetError()
    with pytest.raises(ConnectionResetError):
        await station.inbox.handle([mail(packed), mail(printed)])
    assert await pool.fetchval("SELECT count(*) FROM work") == 0
    assert station.bus.sent == []
    assert not station.inbox.filed.is_set()
    desk.fault = None
    await station.inbox.handle([mail(packed), mail(printed)])
    assert await pool.fetchval("SELECT count(*) FROM work") == 3
    assert station.inbox.filed.is_set()


async def test_an_answer_that_was_not_sent_is_sent_by_the_repetition(
    station: Station, desk: FakeDesk
) -> None:
    order = new_order(Operation.PACK)
    station.bus.failures = 1
    with pytest.raises(KafkaError):
        await station.inbox.handle([mail(order)])
    await station.inbox.handle([mail(order)])
    assert [body for _, body in station.bus.said()] == [Printed(f"by-{order.order_id}")]
    assert desk.handled == [order.order_id]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("operation", [Operation.PACK, Operation.PRINT])
async def test_an_order_that_comes_with_or_after_its_cancel_is_not_done(
    station: Station, desk: FakeDesk, operation: Operation, together: bool
) -> None:
    order = new_order(operation)
    batch = [mail(order, cancel=True), mail(order)]
    for part in [batch] if together else [[message] for message in batch]:
        await station.inbox.handle(part)
    assert {body for _, body in station.bus.said()} == {OperationCancelled()}
    assert desk.handled == []
    assert await station.state(order) == "answered"


async def test_a_waiting_order_is_withdrawn_and_a_begun_one_is_not(
    station: Station, pool: Pool
) -> None:
    waiting, begun = new_order(), new_order()
    await station.inbox.handle([mail(waiting), mail(begun)])
    await station.table.begin(pool, "printer-1", [begun.order_id])
    await station.inbox.handle([mail(waiting, cancel=True), mail(begun, cancel=True)])
    assert station.bus.said() == [(waiting.order_id, OperationCancelled())]
    assert await station.state(begun) == "begun"


async def test_an_answered_order_is_not_withdrawn_its_answer_is_told_again(
    station: Station,
) -> None:
    order = new_order(Operation.PACK)
    await station.inbox.handle([mail(order)])
    await station.inbox.handle([mail(order, cancel=True)])
    first, again = station.bus.sent
    assert first.value == again.value


async def test_what_cant_be_read_is_set_aside_and_delays_nobody(
    station: Station, desk: FakeDesk
) -> None:
    order, garbage = new_order(Operation.PACK), Inbound("t", 0, 1, None, b"\xff\x01")
    empty = Inbound("t", 0, 2, None, b"")
    await station.inbox.handle([garbage, mail(order), empty])
    assert station.buried.messages == [garbage, empty]
    assert desk.handled == [order.order_id]


async def test_facts_of_one_batch_share_a_signature_and_carry_the_trace(
    station: Station,
) -> None:
    orders = [new_order(Operation.PACK) for _ in range(5)]
    await station.inbox.handle([mail(order) for order in orders])
    facts = station.bus.facts()
    assert len({received.signature for received in facts}) == 1
    assert [received.leaf_index for received in facts] == list(range(5))
    assert [message.key for message in station.bus.sent] == [order.card_id for order in orders]
