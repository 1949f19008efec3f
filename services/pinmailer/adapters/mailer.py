"""A PIN mailer printer: jobs by their ids (docs/devices.md, "PIN mailer printer")."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from cardwright.card import Body
from cardwright.card.events import Disposition, OperationFailed, PinMailed
from cardwright.driver import DeviceAddress, DeviceConnection, DeviceRefusedError, device_away
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.pinmailer.domain import Letter

__all__ = ["MailerPrinter"]

_log = logging.getLogger(__name__)
_WAIT: Final = 2.0
"""Seconds that the machine may hold a JOB back until the job has ended."""
_ANSWER: Final = 10.0
_BUSY: Final = frozenset({"queued", "printing"})
_NOTHING_PRINTED: Final = frozenset({"unknown", "cancelled"})
"""A job whose CANCEL came while JOB waited ends as cancelled, and is unknown from then on."""


class MailerPrinter:
    """One printer. It prints a job once: asked again, it answers what became of the first.

    Letters go over one connection and waiting over another, or each wait would hold back the next.

    Args:
        address: name in facts, host and port.
        depth: jobs that are open at once; at most the machine's queue depth.
    """

    def __init__(self, address: DeviceAddress, depth: int) -> None:
        self.name, self.depth = address.name, depth
        self._letters = DeviceConnection(address.host, address.port)
        self._waiting = DeviceConnection(address.host, address.port)
        self._standing_still = ""

    async def close(self) -> None:
        """Hang up; jobs go on without a listener."""
        await asyncio.gather(self._letters.close(), self._waiting.close())

    async def perform(self, order: WorkOrder, material: Letter) -> Body:
        """Print, and wait until the mailer lies in the post tray or the form is lost.

        Raises:
            DeviceUnavailableError: The machine is away, full, or stands still for an operator.
        """
        try:
            with device_away(self.name):
                reply = await self._letters.ask("PRINT", _body(material), job_id=order.job_id)
                state = reply.ok
                while state["state"] in _BUSY and "stopped" not in state:
                    state = await self._job(order)
        except DeviceRefusedError as refused:
            return self._refused(refused)
        found = self._found(state)
        if isinstance(found, NotBegun):
            raise DeviceUnavailableError("JOB_FORGOTTEN", f"{self.name} lost its queue")
        return found

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask what became of a job.

        Raises:
            DeviceUnavailableError: The machine is away, or not done with it.
        """
        with device_away(self.name):
            return self._found(await self._job(order))

    async def _job(self, order: WorkOrder) -> Mapping[str, Any]:
        # Each wait ahead of ours may take its full time.
        within = self.depth * _WAIT + _ANSWER
        reply = await self._waiting.ask("JOB", within=within, job_id=order.job_id, wait=_WAIT)
        return reply.ok

    def _found(self, state: Mapping[str, Any]) -> Body | NotBegun:
        """Read a job's state as a fact.

        Raises:
            DeviceUnavailableError: The job has not ended.
        """
        self._note_forms(str(state.get("stopped", "")))
        kind, form = state["state"], str(state.get("form", ""))
        if kind in _NOTHING_PRINTED:
            return NotBegun()
        if kind in _BUSY:
            why = str(state.get("stopped", "STILL_PRINTING"))
            raise DeviceUnavailableError(why, f"{self.name} has not ended the job")
        if kind == "done":
            return PinMailed(form, self.name)
        if kind == "failed" and form:
            code, detail = str(state["code"]), f"{self.name} shredded the form"
            return self._failed(code, detail, Disposition.SPOILED, form)
        # Half a mailer shows a PIN: whether it does, and where it lies, a person must see.
        detail = f"{self.name} lost power over a form: look into its path and trays"
        return self._failed("MAILER_INTERRUPTED", detail, Disposition.UNCERTAIN, form)

    def _refused(self, refused: DeviceRefusedError) -> Body:
        """Read the refusal of a new job as a fact: nothing was printed.

        Raises:
            DeviceUnavailableError: The queue is full.
        """
        if refused.code == "QUEUE_FULL":
            raise DeviceUnavailableError(refused.code, f"{self.name} holds no more jobs")
        return self._failed(refused.code, f"{self.name} refused the job", Disposition.REFUSED, "")

    def _failed(self, code: str, detail: str, became: Disposition, form: str) -> Body:
        return OperationFailed(code, detail, became, device=self.name, form_serial=form)

    def _note_forms(self, code: str) -> None:
        """Tell the operator once that the machine stands still, and once that it goes on."""
        if code == self._standing_still:
            return
        self._standing_still = code
        extra = {"device": self.name, "code": code}
        if code:
            _log.warning("%s stands still: %s; load forms and resume", self.name, code, extra=extra)
        else:
            _log.info("%s prints again", self.name, extra=extra)


def _body(letter: Letter) -> bytes:
    content = {
        "lines": [line.reveal() for line in letter.lines],
        "issuer": letter.issuer,
        "last_four": letter.last_four.reveal(),
        "pin": letter.pin.reveal(),
    }
    return json.dumps(content).encode()
