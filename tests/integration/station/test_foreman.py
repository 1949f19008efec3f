from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import asyncpg
import pytest

from cardwright.card import Operation
from cardwright.card.events import Disposition, OperationCancelled, OperationFailed, Printed
from cardwright.station.foreman import Foreman
from cardwright.station.ports import DeviceUnavailableError, WorkOrder
from tests.unit.station.station_kit import FakeBench, FakeDevice, Station, mail, new_order

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Act: TypeAlias = Callable[[WorkOrder], Awaitable[None]]


@pytest.fixture
def station(pool: Pool) -> Station:
    return Station(pool)


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@contextlib.asynccontextmanager
async def at_work(*foremen: Foreman) -> AsyncIterator[None]:
    """Let foremen work; leaving is a crash: everything is cancelled where it stands."""
    tasks = [asyncio.create_task(foreman.run()) for foreman in foremen]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(ended, asyncio.CancelledError):
                raise ended  # type: ignore[misc]  # a foreman returns nothing


class Gate:
    """An act that stops in the middle."""

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: WorkOrder) -> None:
        self.reached.set()
        await self.open.wait()


async def test_an_order_is_done_once_and_answered(station: Station, device: FakeDevice) -> None:
    order = new_order(express=True)
    async with at_work(station.foreman(FakeBench([device]))):
        await station.inbox.handle([mail(order)])
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert station.bus.said() == [(order.order_id, Printed(order.job_id, "printer-1"))]
    assert station.bus.sent[0].topic == "facts.express"
    assert device.ledger == {order.job_id: 1}
    assert await station.state(order) == "answered"


async def test_the_intent_is_committed_before_the_act(station: Station, device: FakeDevice) -> None:
    order, seen = new_order(), []

    async def look(_: WorkOrder) -> None:
        seen.append(await station.state(order))

    device.script = [look]
    async with at_work(station.foreman(FakeBench([device]))):
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert seen == ["begun"]


async def test_an_order_withdrawn_between_claim_and_intent_is_not_begun(
    station: Station, device: FakeDevice
) -> None:
    withdrawn, other = new_order(), new_order()

    async def withdraw(orders: object) -> None:
        del orders
        if await station.state(withdrawn) == "waiting":
            await station.inbox.handle([mail(withdrawn, cancel=True)])

    await station.inbox.handle([mail(withdrawn), mail(other)])
    async with at_work(station.foreman(FakeBench([device], before=withdraw))):
        await station.bus.until(2)
    assert (withdrawn.order_id, OperationCancelled()) in station.bus.said()
    assert device.performed == [other.order_id]


async def test_an_order_withdrawn_while_it_is_found_impossible_is_answered_once(
    station: Station, device: FakeDevice
) -> None:
    order, after = new_order(), new_order()
    impossible = OperationFailed("PHOTO_DAMAGED", "", Disposition.REFUSED)

    async def withdraw(orders: list[WorkOrder]) -> None:
        if orders[0] == order:
            await station.inbox.handle([mail(order, cancel=True)])

    bench = FakeBench([device], {order.order_id: impossible}, before=withdraw)  # type: ignore[arg-type]  # a list is a sequence
    await station.inbox.handle([mail(order)])
    async with at_work(station.foreman(bench)):
        await station.bus.until(1)
        await station.inbox.handle([mail(after)])
        await station.bus.until(2)
    said = [body for order_id, body in station.bus.said() if order_id == order.order_id]
    assert said == [OperationCancelled()], "two facts about one order"


async def test_material_that_cant_be_had_is_an_answer_without_an_act(
    station: Station, device: FakeDevice
) -> None:
    order = new_order()
    refused = OperationFailed("PHOTO_DAMAGED", "", Disposition.REFUSED)
    async with at_work(station.foreman(FakeBench([device], {order.order_id: refused}))):
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert station.bus.said() == [(order.order_id, refused)]
    assert device.performed == []


async def unavailable(_: WorkOrder) -> None:
    raise DeviceUnavailableError("HOPPER_EMPTY", "load blanks")


async def test_a_device_that_never_began_does_it_later_and_once(
    station: Station, device: FakeDevice
) -> None:
    order = new_order()
    device.script = [unavailable, unavailable]
    async with at_work(station.foreman(FakeBench([device]))):
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert device.recalled == [order.order_id] * 2
    assert device.ledger == {order.job_id: 1}
    assert len(station.bus.said()) == 1


async def test_a_device_that_had_done_it_is_not_asked_to_do_it_again(
    station: Station, device: FakeDevice
) -> None:
    order = new_order()

    async def done_but_cut_off(order: WorkOrder) -> None:
        device.make(order)
        await unavailable(order)

    device.script = [done_but_cut_off]
    async with at_work(station.foreman(FakeBench([device]))):
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert device.ledger == {order.job_id: 1}
    assert device.performed == [order.order_id]


@pytest.mark.parametrize("made", [True, False])
async def test_after_a_crash_in_the_middle_the_device_is_asked(
    station: Station, device: FakeDevice, made: bool
) -> None:
    order, gate = new_order(), Gate()
    device.script = [gate]
    await station.inbox.handle([mail(order)])
    async with at_work(station.foreman(FakeBench([device]))):
        await gate.reached.wait()
    assert await station.state(order) == "begun"
    if made:
        device.make(order)
    async with at_work(station.foreman(FakeBench([device]))):
        await station.bus.until(1)
    assert device.ledger == {order.job_id: 1}
    assert device.recalled == [order.order_id]


async def test_an_intent_whose_commit_was_not_heard_of_is_carried_out(
    station: Station, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, begin = new_order(), station.table.begin
    lost = [True]

    async def begin_and_lose(db: object, name: str, order_ids: list[str]) -> set[str]:
        begun = await begin(db, name, order_ids)  # type: ignore[arg-type]  # it is a pool
        if lost:
            lost.clear()
            raise ConnectionResetError
        return begun

    monkeypatch.setattr(type(station.table), "begin", staticmethod(begin_and_lose))
    async with at_work(station.foreman(FakeBench([device]))):
        await station.inbox.handle([mail(order)])
        await station.bus.until(1)
    assert device.ledger == {order.job_id: 1}


async def test_express_orders_pass(station: Station, device: FakeDevice) -> None:
    batch, express = [new_order() for _ in range(3)], new_order(express=True)
    await station.inbox.handle([mail(order) for order in batch])
    await station.inbox.handle([mail(express)])
    async with at_work(station.foreman(FakeBench([device]))):
        await station.bus.until(4)
    assert device.performed == [order.order_id for order in [express, *batch]]


async def test_two_benches_of_a_station_keep_to_their_operations(station: Station) -> None:
    printer, shredder = FakeDevice("printer-1"), FakeDevice("shredder-1")
    prints = [new_order(Operation.PRINT) for _ in range(4)]
    destroys = [new_order(Operation.DESTROY) for _ in range(4)]
    await station.inbox.handle([mail(order) for order in prints + destroys])
    async with at_work(
        station.foreman(FakeBench([printer]), Operation.PRINT),
        station.foreman(FakeBench([shredder]), Operation.DESTROY),
    ):
        await station.bus.until(8)
    assert sorted(printer.performed) == sorted(order.order_id for order in prints)
    assert sorted(shredder.performed) == sorted(order.order_id for order in destroys)


async def test_several_machines_share_the_work_and_none_does_it_twice(station: Station) -> None:
    devices = [FakeDevice(f"printer-{number}", depth=3) for number in (1, 2)]
    orders = [new_order() for _ in range(30)]
    async with at_work(station.foreman(FakeBench(devices))):
        await station.inbox.handle([mail(order) for order in orders])
        await station.bus.until(30)
    made = [*devices[0].performed, *devices[1].performed]
    assert sorted(made) == sorted(order.order_id for order in orders)


async def test_a_begun_order_is_asked_of_its_own_device_alone(station: Station, pool: Pool) -> None:
    order, after = new_order(), new_order()
    await station.inbox.handle([mail(order)])
    await station.table.begin(pool, "printer-2", [order.order_id])
    first = FakeDevice("printer-1")
    async with at_work(station.foreman(FakeBench([first]))):
        await station.inbox.handle([mail(after)])
        await station.bus.until(1)
    assert first.recalled == []
    assert first.performed == [after.order_id]
