from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from cardwright.card.events import Disposition, OperationFailed, PinMailed
from cardwright.driver import DeviceAddress
from cardwright.secret import SecretText
from cardwright.station.ports import DeviceUnavailableError, NotBegun
from services.pinmailer.adapters.mailer import MailerPrinter
from services.pinmailer.domain import Letter
from tests.unit.driver.fake_machine import Peer, machine
from tests.unit.pinmailer.letters_kit import NAME, PIN, order

LETTER = Letter(
    tuple(map(SecretText, (NAME, "1 Harbour Lane", "GB"))),
    "Aldermoor Bank",
    SecretText("7891"),
    SecretText(PIN),
)
MAILED = PinMailed("F-00001", "mailer-1")


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
            peer.say({"id": heard["id"], "error" if "message" in answer else "ok": answer})


async def told(script: Script, *, recall: bool = False) -> Any:
    async with machine(script, script) as port:
        device = MailerPrinter(DeviceAddress("mailer-1", "127.0.0.1", port), 8)
        try:
            return await (device.recall(order()) if recall else device.perform(order(), LETTER))
        finally:
            await device.close()


async def test_a_letter_travels_in_the_body_alone_and_is_waited_for() -> None:
    script = Script(
        {"state": "queued"}, {"state": "printing"}, {"state": "done", "form": "F-00001"}
    )
    assert await told(script) == MAILED
    sent, *asked = script.heard
    assert json.loads(sent.pop("body")) == {
        "lines": [NAME, "1 Harbour Lane", "GB"],
        "issuer": "Aldermoor Bank",
        "last_four": "7891",
        "pin": PIN,
    }
    assert sent == {"id": sent["id"], "command": "PRINT", "job_id": order().job_id}
    assert [one["command"] for one in asked] == ["JOB", "JOB"]


@pytest.mark.parametrize(
    ("state", "code", "disposition", "form"),
    [
        (
            {"state": "failed", "code": "MAILER_JAM", "form": "F-00001"},
            "MAILER_JAM",
            Disposition.SPOILED,
            "F-00001",
        ),
        (
            {"state": "interrupted", "form": "F-00001"},
            "MAILER_INTERRUPTED",
            Disposition.UNCERTAIN,
            "F-00001",
        ),
        ({"state": "failed", "code": "ODD"}, "MAILER_INTERRUPTED", Disposition.UNCERTAIN, ""),
    ],
)
async def test_a_lost_form_is_stated_with_what_became_of_it(
    state: dict[str, str], code: str, disposition: Disposition, form: str
) -> None:
    for recall in (False, True):
        found = await told(Script(state), recall=recall)
        assert isinstance(found, OperationFailed)
        assert (found.code, found.disposition, found.form_serial) == (code, disposition, form)
        assert (found.device, found.blank_serial) == ("mailer-1", "")


async def test_what_was_never_begun_may_be_done() -> None:
    assert await told(Script({"state": "unknown"}), recall=True) == NotBegun()
    assert await told(Script({"state": "done", "form": "F-00001"}), recall=True) == MAILED


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([{"code": "QUEUE_FULL", "message": "8 jobs wait"}], "QUEUE_FULL"),
        ([{"state": "queued", "stopped": "FORMS_OUT"}], "FORMS_OUT"),
        ([{"state": "queued"}, {"state": "unknown"}], "JOB_FORGOTTEN"),
        ([{"state": "queued"}, {"state": "cancelled"}], "JOB_FORGOTTEN"),
    ],
)
async def test_what_may_pass_is_waited_out(answers: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(DeviceUnavailableError) as caught:
        await told(Script(*answers))
    assert caught.value.code == code


async def test_a_refused_letter_is_for_a_person() -> None:
    found = await told(Script({"code": "BAD_LETTER", "message": "no letter"}))
    assert isinstance(found, OperationFailed)
    assert (found.code, found.disposition) == ("BAD_LETTER", Disposition.REFUSED)


async def test_an_empty_stack_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    stopped = {"state": "queued", "stopped": "FORMS_OUT"}
    script = Script(stopped, stopped, {"state": "done", "form": "F-00001"})
    with caplog.at_level(logging.INFO):
        async with machine(script, script) as port:
            device = MailerPrinter(DeviceAddress("mailer-1", "127.0.0.1", port), 8)
            for _ in range(2):
                with pytest.raises(DeviceUnavailableError):
                    await device.recall(order())
            assert await device.recall(order()) == MAILED
            await device.close()
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == ["mailer-1 stands still: FORMS_OUT; load forms and resume"]
    assert PIN not in caplog.text
