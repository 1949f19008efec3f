from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from cardwright.card import Operation
from cardwright.card.events import Destroyed, OperationFailed
from cardwright.driver import DeviceAddress
from cardwright.localstack.ports import free_port
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.logistics.adapters.shredder import ShredderDevice
from services.logistics.adapters.stock import Shreds
from tests.integration.devices.device_process import Device

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A printed card on the floor, and an inspector with its shredder."""
    port = free_port()
    printer = Device("printer", tmp_path)
    printer.ask("LOAD", material="pvc-dual", count=1)
    printer.ask("PRINT", job_id=f"{CARD}-1", material="pvc-dual")
    blank = printer.ask("JOB", job_id=f"{CARD}-1", wait=10)["blank"]
    printer.stop()
    inspector = Device("inspector", tmp_path, "--port", str(port))
    yield {"port": port, "inspector": inspector, "blank": blank}
    inspector.close()


@pytest_asyncio.fixture
async def shredder(
    floor: dict[str, Any], pool: asyncpg.Pool[asyncpg.Record]
) -> AsyncIterator[ShredderDevice]:
    address = DeviceAddress("inspector-1", "127.0.0.1", floor["port"])
    one = ShredderDevice(address, Shreds(pool).destroyed)
    yield one
    await one.close()


def order(blank: str, attempt: int = 1) -> WorkOrder:
    return WorkOrder(
        order_id=f"{CARD}.9",
        card_id=CARD,
        operation=Operation.DESTROY,
        attempt=attempt,
        issuer="aurora-bank",
        request_id="r",
        product="emv-debit",
        product_version=1,
        express=False,
        blank_serial=blank,
    )


async def test_a_card_is_shredded_once_and_counted_once(
    floor: dict[str, Any], shredder: ShredderDevice, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    one = order(floor["blank"])
    assert await shredder.recall(one) == NotBegun()
    expected = Destroyed(floor["blank"], "inspector-1")
    bodies = await asyncio.gather(*(shredder.perform(one, None) for _ in range(3)))
    assert bodies == [expected] * 3
    assert len(floor["inspector"].acts("destroy")) == 1
    assert await owner.fetchval("SELECT count(*) FROM stock_ledger WHERE fate = 'destroyed'") == 1


async def test_after_a_kill_the_machine_tells_what_was_destroyed(
    floor: dict[str, Any], shredder: ShredderDevice
) -> None:
    one, machine = order(floor["blank"]), floor["inspector"]
    await shredder.perform(one, None)
    machine.kill()
    with pytest.raises(DeviceUnavailableError):
        await shredder.recall(one)
    machine.start("--port", str(floor["port"]))
    assert await shredder.recall(one) == Destroyed(floor["blank"], "inspector-1")
    assert len(machine.acts("destroy")) == 1


async def test_a_card_that_lies_nowhere_needs_a_person(
    floor: dict[str, Any], shredder: ShredderDevice
) -> None:
    found = await shredder.perform(order(floor["blank"], attempt=7), None)
    assert isinstance(found, OperationFailed)
    assert found.code == "NO_SUCH_CARD"
