from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cardwright.telemetry.logs import configure_logs

SECRET = "4000001234567899"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("printing")

    def read() -> list[dict[str, Any]]:
        text = stream.getvalue()
        assert SECRET not in text
        return [json.loads(line) for line in text.splitlines()]

    yield read
    root.handlers[:], root.level, sys.excepthook = before, level, hook


def fault() -> None:
    raise ValueError(f"invalid digits {SECRET}")


def test_an_exceptions_message_is_never_logged(lines: Lines) -> None:
    try:
        fault()
    except ValueError:
        logging.getLogger("x").exception("it failed", extra={"card_id": "c-1", "other": SECRET})
    (line,) = lines()
    assert (line["service"], line["level"], line["message"]) == ("printing", "error", "it failed")
    assert (line["error"], line["card_id"]) == ("ValueError", "c-1")
    assert line["where"][-1].endswith(" fault")


def test_a_task_groups_fault_is_named_by_what_failed(lines: Lines) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(fault))

    try:
        asyncio.run(main())
    except* ValueError:
        logging.getLogger("x").exception("it failed")
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert line["where"][-1].endswith(" fault")


def test_what_ends_the_process_is_logged_without_its_message(lines: Lines) -> None:
    try:
        fault()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    (line,) = lines()
    assert (line["level"], line["error"]) == ("critical", "ValueError")


def test_what_asyncio_says_of_a_lost_task_quotes_nothing(lines: Lines) -> None:
    async def main() -> None:
        task = asyncio.create_task(asyncio.to_thread(fault))
        await asyncio.wait([task])

    asyncio.run(main())
    (line,) = lines()
    assert line["message"] == "Task exception was never retrieved"
    assert line["error"] == "ValueError"


def test_a_message_of_many_lines_is_one_line(lines: Lines) -> None:
    logging.getLogger("x").warning("a\nb %s", "\u2028")
    (line,) = lines()
    assert line["message"] == "a\nb \u2028"
    assert line["at"].endswith("+00:00")
