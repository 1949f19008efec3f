from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from cardwright.cli.main import app
from services.encoding.adapters.headbook import HeadBook
from services.encoding.health import HeadHealth


async def _book(state: Path) -> None:
    book = HeadBook(state / "stations" / "encoding.site-1.json")
    head = HeadHealth(limit=2)
    head.passed()
    book.note("encoder-1", 0, head, "job-1")
    worn = HeadHealth(limit=2)
    worn.passed()
    for _ in range(2):
        worn.spoiled("CHIP_MUTE")
    book.note("encoder-1", 1, worn, "")
    await book.close()


async def test_heads_are_shown_with_their_yield(tmp_path: Path) -> None:
    await _book(tmp_path)
    shown = CliRunner().invoke(app, ["stations", "--state", str(tmp_path)], env={"COLUMNS": "160"})
    assert shown.exit_code == 0
    rows = [line.split() for line in shown.output.splitlines() if "encoder-1/" in line]
    assert rows[0] == ["encoding.site-1", "encoder-1/0", "in", "work", "100.0%", "1", "0", "job-1"]
    assert rows[1] == [
        "encoding.site-1",
        "encoder-1/1",
        "unhealthy",
        "33.3%",
        "1",
        "2",
        "CHIP_MUTE",
    ]


async def test_programs_get_them_as_json(tmp_path: Path) -> None:
    await _book(tmp_path)
    shown = CliRunner().invoke(app, ["stations", "--state", str(tmp_path), "--json"])
    heads = json.loads(shown.output)
    assert [(head["device"], head["head"], head["state"]) for head in heads] == [
        ("encoder-1", 0, "in work"),
        ("encoder-1", 1, "unhealthy"),
    ]


def test_without_a_line_there_is_nothing_to_show(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["stations", "--state", str(tmp_path)])
    assert "cardwright up" in shown.output
