from __future__ import annotations

import logging
from typing import Any

import pytest

from cardwright.card.events import Disposition, OperationFailed, Printed
from cardwright.driver import DeviceAddress
from cardwright.station.ports import DeviceUnavailableError, NotBegun
from services.printing.adapters.printer import PrinterDevice
from services.printing.catalogue import CatalogueError
from services.printing.handlers import PrintJob
from services.printing.ports import Faces
from tests.unit.driver.fake_machine import Peer, machine
from tests.unit.printing.orders import DIGEST, PRODUCTS, order


def new_job() -> PrintJob:
    return PrintJob("pvc-dual", Faces(b"\x01" * 6, 1, 1, 300))


class Script:
    """Answers the requests of all connections in the order of the script."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)
        self.heard: list[dict[str, Any]] = []

    async def __call__(self, peer: Peer) -> None:
        while True:
            heard = await peer.hear()
            self.heard.append(heard)
            answer = self.answers.pop(0)
            key = "error" if "message" in answer else "ok"
            peer.say({"id": heard["id"], key: answer})


async def perform(script: Script, job: PrintJob | None = None) -> Any:
    async with machine(script, script) as port:
        device = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
        try:
            return await device.perform(order(), job or new_job())
        finally:
            await device.close()


async def recall(script: Script) -> Any:
    async with machine(script) as port:
        device = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
        try:
            return await device.recall(order())
        finally:
            await device.close()


async def test_a_job_carries_artwork_and_is_waited_for() -> None:
    script = Script({"state": "queued"}, {"state": "printing"}, {"state": "done", "blank": "B-1"})
    assert await perform(script) == Printed("B-1", "printer-1", DIGEST)
    sent, *asked = script.heard
    assert (sent["job_id"], sent["test"]) == (order().job_id, False)
    assert (sent["material"], sent["mode"], sent["body"]) == ("pvc-dual", "RGB", b"\x01" * 6)
    assert [one["command"] for one in asked] == ["JOB", "JOB"]


async def test_a_blank_pass_has_no_artwork() -> None:
    script = Script({"state": "done", "blank": "B-1"})
    await perform(script, PrintJob("pvc-dual", Faces()))
    assert script.heard[0]["body"] == b""
    assert "width" not in script.heard[0]


@pytest.mark.parametrize(
    ("state", "code", "disposition", "blank"),
    [
        (
            {"state": "failed", "code": "PRINTER_JAM", "blank": "B-1"},
            "PRINTER_JAM",
            Disposition.SPOILED,
            "B-1",
        ),
        (
            {"state": "interrupted", "blank": "B-1"},
            "PRINT_INTERRUPTED",
            Disposition.SPOILED,
            "B-1",
        ),
        ({"state": "interrupted"}, "PRINT_INTERRUPTED", Disposition.UNCERTAIN, ""),
    ],
)
async def test_a_spoilt_card_is_recalled_with_its_blank(
    state: dict[str, Any], code: str, disposition: Disposition, blank: str
) -> None:
    found = await recall(Script(state))
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition, found.blank_serial) == (code, disposition, blank)


async def test_recall_knows_the_design_of_a_card_that_was_done() -> None:
    found = await recall(Script({"state": "done", "blank": "B-1"}))
    assert found == Printed("B-1", "printer-1", DIGEST)


async def test_an_unknown_job_was_not_begun() -> None:
    assert await recall(Script({"state": "unknown"})) == NotBegun()
    assert await recall(Script({"state": "cancelled"})) == NotBegun()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"state": "queued"}, "STILL_PRINTING"),
        ({"state": "printing"}, "STILL_PRINTING"),
        ({"state": "queued", "stopped": "FILM_OUT"}, "FILM_OUT"),
    ],
)
async def test_a_job_that_has_not_ended_is_asked_for_again(
    state: dict[str, Any], code: str
) -> None:
    with pytest.raises(DeviceUnavailableError) as caught:
        await recall(Script(state))
    assert caught.value.code == code


async def test_a_machine_that_stands_still_tells_the_operator_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    script = Script(*[{"state": "queued", "stopped": "RIBBON_OUT"}] * 2, {"state": "done"})
    async with machine(script, script) as port:
        device = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
        for attempt in (device.perform(order(), new_job()), device.recall(order())):
            with pytest.raises(DeviceUnavailableError, match="RIBBON_OUT"):
                await attempt
        await device.recall(order())
        await device.close()
    assert [record.message for record in caplog.records] == [
        "printer-1 stands still: RIBBON_OUT; refill it and resume",
        "printer-1 prints again",
    ]


async def test_a_full_queue_is_waited_out() -> None:
    with pytest.raises(DeviceUnavailableError, match="QUEUE_FULL"):
        await perform(Script({"code": "QUEUE_FULL", "message": "wait"}))


async def test_a_queue_lost_while_waiting_is_asked_for() -> None:
    with pytest.raises(DeviceUnavailableError, match="JOB_FORGOTTEN"):
        await perform(Script({"state": "queued"}, {"state": "unknown"}))


@pytest.mark.parametrize(
    ("code", "disposition"),
    [("CARD_EXISTS", Disposition.UNCERTAIN), ("BAD_RASTER", Disposition.REFUSED)],
)
async def test_a_refused_job_is_a_fact(code: str, disposition: Disposition) -> None:
    found = await perform(Script({"code": code, "message": "no"}))
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition, found.device) == (code, disposition, "printer-1")


async def test_a_machine_that_is_off_is_unavailable() -> None:
    async with machine() as port:
        pass
    device = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, PRODUCTS)
    with pytest.raises(DeviceUnavailableError, match="DEVICE_UNREACHABLE"):
        await device.recall(order())


async def test_a_printed_card_of_a_product_that_was_taken_out_stops_the_station() -> None:
    async with machine(Script({"state": "done", "blank": "B-1"})) as port:
        device = PrinterDevice(DeviceAddress("printer-1", "127.0.0.1", port), 8, {})
        with pytest.raises(CatalogueError) as caught:
            await device.recall(order())
        await device.close()
    assert caught.value.code == "PRODUCT_UNKNOWN"
