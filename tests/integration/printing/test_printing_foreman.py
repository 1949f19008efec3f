"""The bench under the runtime's foreman, while the printer dies and comes back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import pytest_asyncio

from cardwright.card import Operation
from cardwright.card.events import OperationFailed, Printed
from cardwright.driver import DeviceAddress
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.waiting import until
from cardwright.proto.vault.v1.sections_pb2 import PrintSection
from cardwright.secret import SecretBytes
from cardwright.station.foreman import Foreman
from cardwright.station.measures import Measures
from cardwright.station.messages import Received, encode_order
from cardwright.station.outbox import Outbox
from cardwright.station.ports import Answer
from cardwright.station.work import Entry, WorkTable
from cardwright.telemetry import CardTracer
from cardwright.vault.vault import Opened
from services.printing.adapters.printer import PrinterDevice
from services.printing.adapters.rendering import BlankPass
from services.printing.handlers import PrintBench
from tests.integration.devices.device_process import Device
from tests.unit.printing.orders import PRODUCTS, order

WORK = Path(__file__).parents[3] / "libs/cardwright/station/migrations/0001_work.sql"
CARDS = 60


class Anything:
    """A vault with the same section for every card."""

    async def open(self, _: str, card_ids: Sequence[str]) -> Opened:
        content = PrintSection(design="emv-debit/v1").SerializeToString()
        return Opened({card_id: SecretBytes(content) for card_id in card_ids})


class Noted:
    """An outbox that signs nothing and keeps what was answered."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    async def sign(self, answers: Sequence[Answer], *_: object) -> list[Entry]:
        self.answers += answers
        return [
            Entry(answer.order_id, express=False, traceparent="", fact=b"fact")
            for answer in answers
        ]

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


async def test_a_printer_that_is_killed_prints_no_card_twice_and_loses_none(
    pool: asyncpg.Pool[asyncpg.Record], tmp_path: Path
) -> None:
    port, table, outbox = free_port(), WorkTable(), Noted()
    options = ("--port", str(port), "--card-seconds", "0.02")
    machine = Device("printer", tmp_path, *options)
    machine.ask("LOAD", material="pvc-dual", count=2 * CARDS)
    printer = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
    orders = [order(str(uuid.uuid4())) for _ in range(CARDS)]
    await table.accept(pool, [Received(one, encode_order(one), "") for one in orders])
    foreman = Foreman(
        name="printing",
        pool=pool,
        table=table,
        operation=Operation.PRINT,
        outbox=cast("Outbox", outbox),
        bench=PrintBench([printer], Anything(), BlankPass(), PRODUCTS),
        tracer=CardTracer("printing"),
        measures=Measures("printing"),
        filed=asyncio.Event(),
    )
    working = asyncio.create_task(foreman.run())

    async def until_answered(count: int) -> None:
        async def so_many() -> bool:
            assert not working.done(), working.exception()
            return len(outbox.answers) >= count

        await until(so_many, 60, f"{count} cards are answered")

    for part in (CARDS // 4, CARDS // 2):
        await until_answered(part)
        machine.kill()
        machine.start(*options)
    await until_answered(CARDS)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await printer.close()

    by_card = {answer.order_id: answer.body for answer in outbox.answers}
    assert len(outbox.answers) == len(by_card) == CARDS
    acts: Counter[Any] = Counter(act["job_id"] for act in machine.acts("print"))
    assert acts == Counter(one.job_id for one in orders)
    blanks = {act["job_id"]: (act["blank"], act["result"]) for act in machine.acts("print")}
    for one in orders:
        body, (blank, result) = by_card[one.order_id], blanks[one.job_id]
        assert isinstance(body, Printed if result == "done" else OperationFailed)
        assert cast("Printed", body).blank_serial == blank
    machine.close()
