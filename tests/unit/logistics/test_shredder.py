from __future__ import annotations

from typing import Any

import pytest

from cardwright.card import Operation
from cardwright.card.events import Destroyed, Disposition, OperationFailed
from cardwright.driver import DeviceAddress
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.logistics.adapters.shredder import ShredderDevice
from services.logistics.handlers import DestroyBench
from tests.unit.driver.fake_machine import Peer, machine

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
ORDER = WorkOrder(
    order_id=f"{CARD}.5",
    card_id=CARD,
    operation=Operation.DESTROY,
    attempt=2,
    issuer="aurora-bank",
    request_id="r-1",
    product="emv-debit",
    product_version=1,
    express=False,
    blank_serial="RTX-0001-00000042",
)


class Floor:
    """One answer, the commands that were heard, and what was counted."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.heard: list[tuple[str, str]] = []
        self.counted: list[WorkOrder] = []

    async def count(self, order: WorkOrder) -> None:
        self.counted.append(order)

    async def converse(self, peer: Peer) -> None:
        heard = await peer.hear()
        self.heard.append((heard["command"], heard["card"]))
        peer.say({"id": heard["id"], **self.answer})

    async def act(self, what: str) -> Any:
        async with machine(self.converse) as port:
            shredder = ShredderDevice(DeviceAddress("ins-1", "127.0.0.1", port), self.count)
            try:
                if what == "recall":
                    return await shredder.recall(ORDER)
                return await shredder.perform(ORDER, None)
            finally:
                await shredder.close()


async def test_a_destroyed_card_is_counted_and_stated() -> None:
    floor = Floor(ok={"card": ORDER.job_id, "in": "destroyed", "destroyed": 1.5})
    assert await floor.act("perform") == Destroyed("RTX-0001-00000042", "ins-1")
    assert floor.heard == [("DESTROY", f"{CARD}-2")]
    assert floor.counted == [ORDER]


async def test_recall_finds_what_was_destroyed_before_the_crash_and_counts_it() -> None:
    floor = Floor(ok={"card": ORDER.job_id, "in": "destroyed", "destroyed": 1.5})
    assert await floor.act("recall") == Destroyed("RTX-0001-00000042", "ins-1")
    assert floor.heard == [("CARD", f"{CARD}-2")]
    assert floor.counted == [ORDER]


async def test_recall_of_a_card_that_still_lies_there_is_not_begun() -> None:
    floor = Floor(ok={"card": ORDER.job_id, "in": "reject", "destroyed": None})
    assert await floor.act("recall") == NotBegun()
    assert floor.counted == []


@pytest.mark.parametrize("code", ["CARD_HELD", "CARD_NOT_READY"])
async def test_a_card_in_another_machine_is_waited_for(code: str) -> None:
    floor = Floor(error={"code": code, "message": "busy"})
    with pytest.raises(DeviceUnavailableError) as caught:
        await floor.act("perform")
    assert caught.value.code == code
    assert floor.counted == []


@pytest.mark.parametrize("code", ["NO_SUCH_CARD", "DESTROYED_ELSEWHERE"])
async def test_a_card_that_cannot_be_found_needs_a_person(code: str) -> None:
    floor = Floor(error={"code": code, "message": "gone"})
    found = await floor.act("perform")
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition) == (code, Disposition.UNCERTAIN)
    assert found.blank_serial == "RTX-0001-00000042"
    assert floor.counted == []


async def test_the_bench_needs_nothing_at_hand() -> None:
    assert await DestroyBench(()).prepare([ORDER]) == {ORDER.order_id: None}
