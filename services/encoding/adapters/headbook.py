"""How the heads do: metrics, and a file that `cardwright stations` shows.

The file outlives the station: a head that was out of work when it ended still is.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from opentelemetry import metrics

from services.encoding.health import HeadHealth, HeadState

__all__ = ["HeadBook"]

_log = logging.getLogger(__name__)
_PACE: Final = 0.5
"""Seconds from one writing of the file to the next."""


class HeadBook:
    """Keeps every head's last state.

    Args:
        path: the file, JSON; None keeps it in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._stale = False
        meter = metrics.get_meter("encoding")
        self._cards = meter.create_counter(
            "cardwright.head.cards", description="cards by encoder head and result"
        )
        self._in_work = meter.create_gauge(
            "cardwright.head.in_work", description="1 while an encoder head gets cards"
        )
        self._known = self._read()

    def recall(self, machine: str, number: int, limit: int) -> HeadHealth:
        """Return a head's record from before the station's last end, or a new one."""
        row = self._known.get(_key(machine, number))
        if row is None:
            return HeadHealth(limit)
        # Whether a reader is there now is seen now; a head that was unhealthy must pass its test.
        was = HeadState(row["state"])
        state = HeadState.ON_PROBATION if was is HeadState.AWAY else was
        return HeadHealth(
            limit, state, row["good"], row["failed"], row["in_a_row"], row["last_code"]
        )

    def note(self, machine: str, number: int, health: HeadHealth, job_id: str) -> None:
        """Take down where a head stands."""
        self._rows[_key(machine, number)] = {
            "device": machine,
            "head": number,
            "state": health.state.value,
            "good": health.good,
            "failed": health.failed,
            "yield": health.share,
            "in_a_row": health.in_a_row,
            "last_code": health.code,
            "card": job_id,
        }
        self._in_work.set(int(health.in_work), {"device": machine, "head": number})
        if self._path is not None:
            self._stale = True
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write_until_told())

    def card(self, machine: str, number: int, result: str) -> None:
        """Count a card: "good", or its code."""
        self._cards.add(1, {"device": machine, "head": number, "result": result})

    def rows(self) -> list[dict[str, Any]]:
        """Return the heads, as the file has them."""
        return [self._rows[key] for key in sorted(self._rows)]

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        if self._path is not None and self._stale:
            self._write()

    async def _write_until_told(self) -> None:
        while self._stale:
            self._write()
            await asyncio.sleep(_PACE)

    def _write(self) -> None:
        assert self._path is not None
        self._stale = False
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self.rows()))
        fresh.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            return {
                _key(row["device"], row["head"]): row for row in json.loads(self._path.read_text())
            }
        except (ValueError, KeyError, TypeError):
            _log.warning("the book of heads can't be read: it is begun anew")
            return {}


def _key(machine: str, number: int) -> str:
    return f"{machine}/{number:03d}"
