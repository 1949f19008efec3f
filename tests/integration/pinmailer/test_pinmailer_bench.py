"""The bench under the runtime's foreman, while the PIN mailer printer dies and comes back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import pytest_asyncio

from cardwright.card import Operation
from cardwright.card.events import Disposition, OperationFailed, PinMailed
from cardwright.driver import DeviceAddress
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.waiting import until
from cardwright.station.foreman import Foreman
from cardwright.station.measures import Measures
from cardwright.station.messages import Received, encode_order
from cardwright.station.outbox import Outbox
from cardwright.station.ports import Answer
from cardwright.station.work import Entry, WorkTable
from cardwright.telemetry import CardTracer
from services.pinmailer.adapters.mailer import MailerPrinter
from services.pinmailer.handlers import MailBench
from tests.integration.devices.device_process import Device
from tests.unit.pinmailer.letters_kit import TwoSections, order

WORK = Path(__file__).parents[3] / "libs/cardwright/station/migrations/0001_work.sql"
CARDS = 40


class Noted:
    """An outbox that signs nothing and keeps what was answered, and when."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.first_at = 0.0

    async def sign(self, answers: Sequence[Answer], *_: object) -> list[Entry]:
        self.first_at = self.first_at or time.monotonic()
        self.answers += answers
        return [Entry(a.order_id, express=False, traceparent="", fact=b"fact") for a in answers]

    async def send(self, _: Sequence[Entry]) -> None:
        return None


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another account, Postgres's, can enter."""
    one = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    one.chmod(0o711)
    yield one
    shutil.rmtree(one)


@pytest_asyncio.fixture
async def pool(folder: Path) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    server = EmbeddedPostgres(folder, free_port())
    try:
        await server.start()
        async with asyncpg.create_pool(server.dsn(), min_size=1, max_size=4) as one:
            await one.execute(WORK.read_text().replace(":role", "CURRENT_USER"))
            yield one
    finally:
        await server.stop()


class House:
    """A station at work on one printer."""

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], port: int, cards: int, delay: float = 0.0
    ) -> None:
        self.pool, self.table, self.outbox = pool, WorkTable(), Noted()
        self.printer = MailerPrinter(DeviceAddress("mailer-1", "127.0.0.1", port), 8)
        self.vault = TwoSections()
        self.orders = [order(str(uuid.uuid4())) for _ in range(cards)]
        for one in self.orders:
            self.vault.file(one.card_id)
        self.foreman = Foreman(
            name="pinmailer",
            pool=pool,
            table=self.table,
            operation=Operation.MAIL_PIN,
            outbox=cast("Outbox", self.outbox),
            bench=MailBench([self.printer], self.vault),
            tracer=CardTracer("pinmailer"),
            measures=Measures("pinmailer"),
            filed=asyncio.Event(),
            delay=delay,
        )

    async def begin(self) -> None:
        received = [Received(one, encode_order(one), "") for one in self.orders]
        await self.table.accept(self.pool, received)
        self.working = asyncio.create_task(self.foreman.run())

    async def until_answered(self, count: int) -> None:
        async def so_many() -> bool:
            assert not self.working.done(), self.working.exception()
            return len(self.outbox.answers) >= count

        await until(so_many, 60, f"{count} mailers are answered")

    async def end(self) -> None:
        self.working.cancel()
        await asyncio.gather(self.working, return_exceptions=True)
        await self.printer.close()


async def test_a_printer_that_is_killed_prints_no_mailer_twice_and_loses_none(
    pool: asyncpg.Pool[asyncpg.Record], tmp_path: Path
) -> None:
    port = free_port()
    options = ("--port", str(port), "--form-seconds", "0.02", "--keep", "none")
    machine = Device("mailer", tmp_path, *options)
    machine.ask("LOAD", count=2 * CARDS)
    house = House(pool, port, CARDS)
    await house.begin()
    for part in (CARDS // 4, CARDS // 2):
        await house.until_answered(part)
        machine.kill()
        machine.start(*options)
    await house.until_answered(CARDS)
    await house.end()

    by_card = {answer.order_id: answer.body for answer in house.outbox.answers}
    assert len(house.outbox.answers) == len(by_card) == CARDS
    acts: Counter[Any] = Counter(act["job_id"] for act in machine.acts("print"))
    assert acts == Counter(one.job_id for one in house.orders)
    forms = {act["job_id"]: (act["blank"], act["result"]) for act in machine.acts("print")}
    for one in house.orders:
        form, result = forms[one.job_id]
        agrees(by_card[one.order_id], form, result)
    left = machine.ask("SUPPLIES")["forms"]
    assert left == 2 * CARDS - len(acts), "each form is used once or left"
    machine.close()


def agrees(body: object, form: str, result: str) -> None:
    """What the station states is what the machine's ledger says."""
    if result == "done":
        assert body == PinMailed(form, "mailer-1")
        return
    assert isinstance(body, OperationFailed)
    assert (body.form_serial, body.disposition) == (form, Disposition.UNCERTAIN)


async def test_a_mailer_lies_for_its_delay_unopened_and_can_be_withdrawn_meanwhile(
    pool: asyncpg.Pool[asyncpg.Record], tmp_path: Path
) -> None:
    port, delay = free_port(), 2.5
    machine = Device("mailer", tmp_path, "--port", str(port))
    machine.ask("LOAD", count=5)
    house = House(pool, port, 2, delay)
    began = time.monotonic()
    await house.begin()
    kept, withdrawn = house.orders
    await until_looked(house)
    assert house.vault.calls == [], "a PIN was opened before its time"
    assert await house.table.cancellable(pool, [withdrawn.order_id]) == {withdrawn.order_id}
    cancelled = Entry(withdrawn.order_id, express=False, traceparent="", fact=b"cancelled")
    assert await house.table.answer(pool, [cancelled]) == [cancelled]
    await house.until_answered(1)
    assert house.outbox.first_at - began >= delay
    await house.end()
    assert [act["job_id"] for act in machine.acts("print")] == [kept.job_id]
    machine.close()


async def until_looked(house: House) -> None:
    """Wait until the foreman has looked for work and found none that is due."""
    looked = asyncio.Event()
    waiting = house.table.waiting

    async def noted(*args: Any, **options: Any) -> Any:
        found = await waiting(*args, **options)
        looked.set()
        return found

    house.table.waiting = noted  # type: ignore[method-assign]  # watched, not replaced
    await asyncio.wait_for(looked.wait(), 10)


async def test_a_machine_without_forms_is_refilled_and_goes_on(
    pool: asyncpg.Pool[asyncpg.Record], tmp_path: Path
) -> None:
    port = free_port()
    machine = Device("mailer", tmp_path, "--port", str(port), "--fault", "jam:next=1")
    machine.ask("LOAD", serials=["F-00001"])
    house = House(pool, port, 2)
    await house.begin()
    await house.until_answered(1)
    machine.ask("LOAD", serials=["F-00002"])
    await house.until_answered(2)
    await house.end()
    bodies = {answer.body for answer in house.outbox.answers}
    assert PinMailed("F-00002", "mailer-1") in bodies
    (jammed,) = (body for body in bodies if isinstance(body, OperationFailed))
    assert (jammed.code, jammed.form_serial) == ("MAILER_JAM", "F-00001")
    machine.close()
