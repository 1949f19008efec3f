"""A test card in a real inspector process: it pays, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.card import Operation
from cardwright.card.events import Body, Disposition, Inspected, OperationFailed
from cardwright.devices.floor import CHIP, Floor, Passport
from cardwright.driver import DeviceAddress
from cardwright.hsm.port import Authorization, AuthorizationItem, HsmError
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.qa.adapters.inspector import Inspector
from services.qa.adapters.till import Till
from services.qa.domain import Expected
from tests.integration.devices.device_process import Device
from tests.unit.encoding.encoding_kit import BLANK, order
from tests.unit.qa.paying_kit import CDA, KEYS, Module, chip_memory, expected_of
from tests.unit.terminal.chip_kit import Order
from tests.unit.terminal.rsa_kit import Chain

APPROVED = "TRANSACTION_APPROVED_ONLINE"


class Interrupted(Module):
    """A module in whose answer something happens."""

    def __init__(self, event: Callable[[], None]) -> None:
        super().__init__()
        self._event = event

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        self._event()
        return await super().authorize(items)


class Hall:
    """An inspector, and test cards on the floor before it."""

    def __init__(self, root: Path, chain: Chain) -> None:
        self._port = ("--port", str(free_port()))
        self._chain = chain
        self.machine = Device("inspector", root, *self._port)
        self.floor = Floor(root / "floor")
        self.made = Order(KEYS, aip=CDA, chain=chain)
        self.opened: list[Inspector] = []

    @property
    def expected(self) -> Expected:
        return expected_of(self.made)

    def card(self, name: str = "card", *, test: bool = True) -> WorkOrder:
        """A finished card on the floor, and the order to inspect it."""
        wanted = replace(order(name, Operation.INSPECT), test_card=True)
        passport = Passport(BLANK, "pvc", chip=True, stripe=None, printed=True, test=test)
        self.floor.place(wanted.job_id, passport)
        self.floor.write(wanted.job_id, CHIP, chip_memory(self.made))
        return wanted

    async def inspect(self, wanted: WorkOrder, module: Module) -> Body:
        return await self.driver(module).perform(wanted, self.expected)

    def driver(self, module: Module) -> Inspector:
        address = DeviceAddress("inspector-1", LOOPBACK, int(self._port[1]))
        keys = [self._chain.ca_public]
        self.opened.append(Inspector(address, 4, Till(module, keys), keys))
        return self.opened[-1]

    def restart(self) -> None:
        self.machine.start(*self._port)

    def paid(self) -> list[str | None]:
        return [act["result"] for act in self.machine.acts("transaction")]


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain.make()


@pytest_asyncio.fixture
async def hall(tmp_path: Path, chain: Chain) -> AsyncIterator[Hall]:
    opened = Hall(tmp_path, chain)
    yield opened
    for inspector in opened.opened:
        await inspector.close()
    opened.machine.close()


async def test_a_test_card_pays_and_leaves_with_a_note(hall: Hall) -> None:
    wanted = hall.card()
    passed = Inspected(BLANK, True, (), "inspector-1", 1, APPROVED)
    assert await hall.inspect(wanted, Module()) == passed
    assert hall.floor.whereabouts(wanted.job_id) == "output"
    # The fact was lost: the machine remembers what it said.
    hall.machine.kill()
    hall.restart()
    assert await hall.driver(Module()).recall(wanted) == passed
    assert await hall.inspect(wanted, Module()) == passed
    assert hall.paid() == ["ended"]


async def test_a_machine_that_dies_while_the_issuer_thinks(hall: Hall) -> None:
    wanted = hall.card()
    with pytest.raises(DeviceUnavailableError):
        await hall.inspect(wanted, Interrupted(hall.machine.kill))
    hall.restart()
    assert await hall.driver(Module()).recall(wanted) == NotBegun()
    fact = await hall.inspect(wanted, Module())
    # The card remembers the first transaction, as a real one would.
    assert fact == Inspected(BLANK, True, (), "inspector-1", 2, APPROVED)
    assert hall.paid() == ["interrupted", "ended"]


async def test_a_security_module_that_is_away_spoils_no_card(hall: Hall) -> None:
    wanted = hall.card()
    with pytest.raises(DeviceUnavailableError):
        await hall.inspect(wanted, Module(fault=HsmError("HSM_UNAVAILABLE", "restarting")))
    assert hall.floor.whereabouts(wanted.job_id) == "floor"
    fact = await hall.inspect(wanted, Module())
    assert fact == Inspected(BLANK, True, (), "inspector-1", 2, APPROVED)


async def test_a_denial_ends_the_process(hall: Hall) -> None:
    with pytest.raises(HsmError, match="no grant"):
        await hall.inspect(hall.card(), Module(fault=HsmError("HSM_DENIED", "no grant")))


async def test_an_issuer_whom_nobody_can_stand_for_is_for_a_person(hall: Hall) -> None:
    wanted = hall.card()
    fact = await hall.inspect(wanted, Module(refusal=HsmError("KEY_UNKNOWN", "no such key")))
    assert isinstance(fact, OperationFailed)
    assert (fact.code, fact.disposition) == ("KEY_UNKNOWN", Disposition.REFUSED)
    assert hall.floor.whereabouts(wanted.job_id) == "floor"


async def test_a_card_that_the_issuer_does_not_know_is_rejected(hall: Hall) -> None:
    wanted = hall.card()
    refusal = HsmError("CRYPTOGRAM_WRONG", "the card is not what it says")
    fact = await hall.inspect(wanted, Module(refusal=refusal))
    assert isinstance(fact, Inspected)
    assert (fact.passed, fact.transaction) == (False, "TRANSACTION_DECLINED_ONLINE")
    assert fact.defects[:2] == (
        "DEFECT_TRANSACTION_DECLINED",
        "DEFECT_TRANSACTION_CRYPTOGRAM_WRONG",
    )
    assert hall.floor.whereabouts(wanted.job_id) == "reject"


async def test_a_customers_plastic_never_pays(hall: Hall) -> None:
    wanted = hall.card(test=False)
    fact = await hall.inspect(wanted, Module())
    assert isinstance(fact, Inspected)
    assert (fact.defects, fact.atc) == (("DEFECT_TEST_MARK",), 0)
    other = replace(hall.card("other"), test_card=False)
    fact = await hall.inspect(other, Module())
    assert isinstance(fact, Inspected)
    assert (fact.defects, fact.atc) == (("DEFECT_TEST_MARK",), 0)
    assert hall.paid() == []
