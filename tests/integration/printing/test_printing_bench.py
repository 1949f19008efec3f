from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image

from cardwright.card.events import Disposition, OperationFailed, Printed
from cardwright.driver import DeviceAddress
from cardwright.localstack.ports import free_port
from cardwright.localstack.waiting import until
from cardwright.proto.vault.v1.sections_pb2 import PrintSection
from cardwright.secret import SecretBytes
from cardwright.station.ports import DeviceUnavailableError, NotBegun
from cardwright.vault.vault import Opened
from services.printing.adapters.printer import PrinterDevice
from services.printing.adapters.rendering import RenderPool
from services.printing.handlers import PrintBench, PrintJob
from services.printing.ports import Faces
from tests.integration.devices.device_process import Device
from tests.unit.printing.orders import CARD, DIGEST, PRODUCTS, order

ROOT = Path(__file__).parents[3]


def blank_pass() -> PrintJob:
    return PrintJob("pvc-dual", Faces())


Start = Callable[..., Device]


@pytest.fixture
def port() -> int:
    """The printer's port, the same after a restart."""
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """Start the printer, its hopper filled; ends it with the test."""
    running: list[Device] = []

    def begin(*options: str, blanks: int = 20) -> Device:
        running.append(Device("printer", tmp_path, "--port", str(port), *options))
        if blanks:
            running[-1].ask("LOAD", material="pvc-dual", count=blanks)
        return running[-1]

    yield begin
    for one in running:
        one.close()


@pytest_asyncio.fixture
async def printer(port: int) -> AsyncIterator[PrinterDevice]:
    one = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
    yield one
    await one.close()


async def outcome(printer: PrinterDevice, attempt: int = 1) -> Any:
    """Ask as the runtime does: until the machine can tell."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await printer.recall(order(attempt=attempt))
            except DeviceUnavailableError:
                await asyncio.sleep(0.02)


async def until_printing(machine: Device, job_id: str) -> None:
    async def printing() -> bool:
        return bool(machine.ask("JOB", job_id=job_id)["state"] == "printing")

    await until(printing, 30, "the card is in the engine")


class OneSection:
    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        text = {
            "issuer_name": "Aldermoor Bank",
            "pan_groups": "9999 0012 3456 7891",
            "expiry_mmyy": "09/30",
            "name": "Ines Marlowe",
            "cvv2": "738",
            "card_id": card_ids[0],
        }
        content = PrintSection(design="emv-debit/v1", text=text)
        assert section == "print"
        return Opened({card_ids[0]: SecretBytes(content.SerializeToString())})


async def test_a_card_goes_from_its_section_to_a_printed_face(
    start: Start, printer: PrinterDevice, tmp_path: Path
) -> None:
    start()
    pool = RenderPool(ROOT / "catalogue", 1)
    try:
        jobs = await PrintBench([printer], OneSection(), pool, PRODUCTS).prepare([order()])
    finally:
        pool.close()
    job = jobs[order().order_id]
    assert isinstance(job, PrintJob)
    assert await printer.perform(order(), job) == Printed("RTX-0001-00000001", "printer-1", DIGEST)
    card = tmp_path / "floor" / order().job_id
    faces = [
        Image.open(io.BytesIO((card / f"{side}.jpg").read_bytes())) for side in ("front", "back")
    ]
    assert [face.size for face in faces] == [(1012, 638)] * 2
    read = {found.text for face in faces for found in zxingcpp.read_barcodes(face)}
    assert CARD in read


async def test_as_many_jobs_as_the_queue_holds_print_at_once(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start()
    orders = [order(attempt=n) for n in range(1, printer.depth + 1)]
    bodies = await asyncio.gather(*(printer.perform(one, blank_pass()) for one in orders))
    blanks = {body.blank_serial for body in bodies if isinstance(body, Printed)}
    assert len(blanks) == len(orders) == len(machine.acts("print"))


async def test_printing_a_known_job_again_prints_nothing(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start()
    first = await printer.perform(order(), blank_pass())
    assert await printer.perform(order(), blank_pass()) == first == await printer.recall(order())
    assert len(machine.acts("print")) == 1


async def test_a_kill_in_mid_card_is_recalled_as_spoilt(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start("--card-seconds", "60")
    printing = asyncio.create_task(printer.perform(order(), blank_pass()))
    await until_printing(machine, order().job_id)
    machine.kill()
    with pytest.raises(DeviceUnavailableError, match="DEVICE_LOST"):
        await printing
    with pytest.raises(DeviceUnavailableError, match="DEVICE_UNREACHABLE"):
        await printer.recall(order())
    machine = start(blanks=0)
    found = await outcome(printer)
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition) == ("PRINT_INTERRUPTED", Disposition.SPOILED)
    assert found.blank_serial == "RTX-0001-00000001"
    assert len(machine.acts("print")) == 1


async def test_power_loss_after_the_faces_is_recalled_as_printed_with_its_design(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start("--fault", "power_cut_late:next=1")
    with pytest.raises(DeviceUnavailableError):
        await printer.perform(order(), blank_pass())
    assert machine.died() == 70
    machine = start(blanks=0)
    assert await outcome(printer) == Printed("RTX-0001-00000001", "printer-1", DIGEST)
    assert len(machine.acts("print")) == 1


async def test_a_job_lost_with_the_queue_was_not_begun_and_is_printed_afterwards(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start("--card-seconds", "60")
    jobs = [asyncio.create_task(printer.perform(order(attempt=n), blank_pass())) for n in (1, 2)]
    await until_printing(machine, order().job_id)
    assert machine.ask("SUPPLIES")["queued"] == 1
    machine.kill()
    await asyncio.gather(*jobs, return_exceptions=True)
    machine = start(blanks=0)
    assert await outcome(printer, attempt=2) == NotBegun()
    assert isinstance(await printer.perform(order(attempt=2), blank_pass()), Printed)
    assert len(machine.acts("print")) == 2


@pytest.mark.parametrize("supply", ["ribbon", "film"])
async def test_the_card_is_printed_once_the_operator_has_replaced_what_ran_out(
    start: Start, printer: PrinterDevice, supply: str
) -> None:
    machine = start("--fault", f"{supply}_out:next=1")
    with pytest.raises(DeviceUnavailableError, match=f"{supply.upper()}_OUT"):
        await printer.perform(order(), blank_pass())
    with pytest.raises(DeviceUnavailableError, match=f"{supply.upper()}_OUT"):
        await printer.recall(order())
    machine.ask("RESUME")
    assert isinstance(await outcome(printer), Printed)
    assert len(machine.acts("print")) == 1


async def test_a_hopper_without_the_products_material_waits_for_it(
    start: Start, printer: PrinterDevice
) -> None:
    machine = start(blanks=0)
    machine.ask("LOAD", material="pvc-badge", count=5)
    with pytest.raises(DeviceUnavailableError, match="HOPPER_EMPTY"):
        await printer.perform(order(), blank_pass())
    machine.ask("LOAD", material="pvc-dual", count=5)
    found = await outcome(printer)
    assert found == Printed("RTX-0001-00000006", "printer-1", DIGEST)


@pytest.mark.parametrize(("fault", "code"), [("jam", "PRINTER_JAM"), ("misfeed", "MISFEED")])
async def test_mechanical_faults_spoil_the_card_and_the_next_attempt_prints(
    start: Start, printer: PrinterDevice, fault: str, code: str
) -> None:
    start("--fault", f"{fault}:next=1")
    found = await printer.perform(order(), blank_pass())
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition) == (code, Disposition.SPOILED)
    assert found.blank_serial == "RTX-0001-00000001"
    assert await printer.recall(order()) == found
    assert isinstance(await printer.perform(order(attempt=2), blank_pass()), Printed)
