"""stations: the heads of the encoding stations, as those take them down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cardwright.cli.context import AsJson, State, console, show, table

__all__ = ["stations"]

_COLUMNS = ("station", "head", "state", "yield", "good", "failed", "last failure", "card")


def stations(state: State, *, as_json: AsJson = False) -> None:
    """Show each encoder head: in work or not, and why; its yield; the card it holds.

    Yield is good cards of all, since the station's folder was made.
    """
    heads = [head for path in sorted((state / "stations").glob("*.json")) for head in _heads(path)]
    if not heads and not as_json:
        console.print("no station has told of its heads yet; `cardwright up` starts a line")
        return
    show(heads, as_json=as_json, text=table("Encoder heads", _COLUMNS, list(map(_row, heads))))


def _heads(path: Path) -> list[dict[str, Any]]:
    return [{"station": path.stem, **head} for head in json.loads(path.read_text())]


def _row(head: dict[str, Any]) -> list[str]:
    share = head["yield"]
    return [
        head["station"],
        f"{head['device']}/{head['head']}",
        head["state"],
        "" if share is None else f"{share:.1%}",
        str(head["good"]),
        str(head["failed"]),
        head["last_code"],
        head["card"],
    ]
