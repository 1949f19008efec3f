"""How keys are told at the console: a table for people, JSON for programs, and never a value."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from services.keymanagement.module.inventory.inventory import KeyRecord

__all__ = ["described", "tell"]

_HEADINGS: Final = {"environment": "for"}
_PIPE = 160
"""Columns of a table that nobody's window cuts short."""


def described(record: KeyRecord, uses: Mapping[str, int]) -> dict[str, Any]:
    """Tell all of a key but its value.

    Args:
        record: the key's.
        uses: by key id, a number that its count of uses has not passed.
    """
    terms = record.terms
    return {
        "key": record.key.key_id,
        "usage": record.key.usage.value,
        "algorithm": str(record.key.algorithm),
        "kcv": record.key.kcv.hex().upper(),
        "state": record.state_at(datetime.now(UTC)).value,
        "environment": terms.environment,
        "owner": terms.owner,
        "activation": terms.activation.isoformat() if terms.activation else None,
        "expiry": terms.expiry.isoformat() if terms.expiry else None,
        "limit": terms.limit or None,
        "uses_at_most": uses.get(record.key.key_id, 0),
        "exportable": terms.exportable,
        "custodians": list(record.custodians),
        "holders": list(record.holders),
    }


def tell(rows: Sequence[Mapping[str, Any]], *, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print what a command found: a line of JSON each, or a table, or one thing in full.

    Args:
        rows: what to print.
        as_json: for programs: everything.
        columns: of the table; all by default.
    """
    if as_json:
        for row in rows:
            sys.stdout.write(json.dumps(row) + "\n")
        return
    window = None if sys.stdout.isatty() else _PIPE
    console = Console(highlight=False, soft_wrap=True, width=window)
    if columns and rows:
        console.print(_table(rows, columns))
        return
    for row in rows:
        console.print(_in_full(row))


def _in_full(row: Mapping[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_header=False)
    for name, value in row.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "\n".join("  ".join(map(str, each.values())) for each in value)
        else:
            text = _text(value)
        table.add_row(name.replace("_", " "), text)
    return table


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    names = [name for name in columns if any(_text(row.get(name)) for row in rows)]
    for name in names:
        table.add_column(_HEADINGS.get(name, name), no_wrap=True)
    for row in rows:
        table.add_row(*(_text(row.get(name)) for name in names))
    return table


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return "" if value in (None, 0) else str(value)
