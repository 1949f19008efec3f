"""A printer: jobs by their ids, over the device protocol (docs/devices.md, "Printer")."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from cardwright.card import Body
from cardwright.card.events import Disposition, OperationFailed, Printed
from cardwright.driver import DeviceAddress, DeviceConnection, DeviceRefusedError, device_away
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.printing.catalogue import CatalogueError
from services.printing.handlers import PrintJob, Products

__all__ = ["PrinterDevice"]

_log = logging.getLogger(__name__)
_WAIT: Final = 2.0
"""Seconds that the machine may hold a JOB back until the job has ended."""
_ANSWER: Final = 10.0
_BUSY: Final = frozenset({"queued", "printing"})


class PrinterDevice:
    """One printer.

    Artwork goes over one connection and waiting over another, or each wait would hold back the
    next card. The printer works first in, first out, so waiting in the order of sending is exact.

    Args:
        address: name in facts, host and port.
        depth: jobs that are open at once; at most the machine's queue depth.
        products: designs and their digests; a recall has only the order to go by.
    """

    def __init__(self, address: DeviceAddress, depth: int, products: Products) -> None:
        self.name, self.depth = address.name, depth
        self._artwork = DeviceConnection(address.host, address.port)
        self._waiting = DeviceConnection(address.host, address.port)
        self._products = products
        self._standing_still = ""

    async def close(self) -> None:
        """Hang up; jobs go on without a listener."""
        await asyncio.gather(self._artwork.close(), self._waiting.close())

    async def perform(self, order: WorkOrder, material: PrintJob) -> Body:
        """Print, and wait until the card is done or spoilt.

        Raises:
            DeviceUnavailableError: The machine is away, full, or stands still for an operator.
        """
        try:
            with device_away(self.name):
                state = await self._print(order, material)
                while state["state"] in _BUSY and "stopped" not in state:
                    state = await self._job(order)
        except DeviceRefusedError as refused:
            return self._refused(refused)
        found = self._found(order, state)
        if isinstance(found, NotBegun):
            raise DeviceUnavailableError("JOB_FORGOTTEN", f"{self.name} lost its queue")
        return found

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask what became of a job.

        Raises:
            DeviceUnavailableError: The machine is away, or not done with it.
        """
        with device_away(self.name):
            return self._found(order, await self._job(order))

    async def _print(self, order: WorkOrder, job: PrintJob) -> Mapping[str, Any]:
        faces = job.take_faces()
        artwork: dict[str, Any] = (
            {"width": faces.width, "height": faces.height, "dpi": faces.dpi, "mode": "RGB"}
            if faces.raster
            else {}
        )
        reply = await self._artwork.ask(
            "PRINT",
            faces.raster,
            job_id=order.job_id,
            material=job.material,
            test=order.test_card,
            **artwork,
        )
        return reply.ok

    async def _job(self, order: WorkOrder) -> Mapping[str, Any]:
        # Each wait ahead of ours may take its full time.
        within = self.depth * _WAIT + _ANSWER
        reply = await self._waiting.ask("JOB", within=within, job_id=order.job_id, wait=_WAIT)
        return reply.ok

    def _found(self, order: WorkOrder, state: Mapping[str, Any]) -> Body | NotBegun:
        """Read a job's state as a fact.

        Raises:
            DeviceUnavailableError: The job has not ended.
        """
        self._note_supplies(str(state.get("stopped", "")))
        kind, blank = state["state"], str(state.get("blank", ""))
        if kind in {"unknown", "cancelled"}:  # told as the second if CANCEL came while JOB waited
            return NotBegun()
        if kind in _BUSY:
            why = str(state.get("stopped", "STILL_PRINTING"))
            raise DeviceUnavailableError(why, f"{self.name} has not ended the job")
        if kind == "done":
            return Printed(blank, self.name, self._design_digest(order))
        code = "PRINT_INTERRUPTED" if kind == "interrupted" else str(state["code"])
        # A blank with a serial lies in the reject tray; without, nobody knows where it is.
        disposition = Disposition.SPOILED if blank else Disposition.UNCERTAIN
        detail = f"{self.name} spoilt the card"
        return OperationFailed(code, detail, disposition, blank, self.name)

    def _design_digest(self, order: WorkOrder) -> bytes:
        product = self._products.get((order.product, order.product_version))
        if product is None:  # it was there when the card was sent: never take a product out
            name = f"{order.product}/v{order.product_version}"
            raise CatalogueError("PRODUCT_UNKNOWN", f"{name} was printed; put it back")
        return product.design_digest

    def _refused(self, refused: DeviceRefusedError) -> Body:
        """Read the refusal of a new job as a fact: nothing was made of it here.

        Raises:
            DeviceUnavailableError: The queue is full.
        """
        if refused.code == "QUEUE_FULL":
            raise DeviceUnavailableError(refused.code, f"{self.name} holds no more jobs")
        elsewhere = refused.code == "CARD_EXISTS"  # another machine printed it, unknown to us
        return OperationFailed(
            code=refused.code,
            detail=f"{self.name} refused the job",
            disposition=Disposition.UNCERTAIN if elsewhere else Disposition.REFUSED,
            device=self.name,
        )

    def _note_supplies(self, code: str) -> None:
        """Tell the operator once that the machine stands still, and once that it goes on."""
        if code == self._standing_still:
            return
        self._standing_still = code
        extra = {"device": self.name, "code": code}
        if code:
            _log.warning("%s stands still: %s; refill it and resume", self.name, code, extra=extra)
        else:
            _log.info("%s prints again", self.name, extra=extra)
