"""A line to be measured, and what is read of it: pids, usage, the log's times."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cardwright.issuer.client import IssuerClient
from cardwright.issuer.message import RequestMessage
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import Stack
from tests.bench.procfs import Usage, usage
from tests.support.line import LineUnderTest, debit_row, line_under_test

__all__ = ["BATCH_ONLY", "TRACE_RATIO", "BenchLine", "Logged", "bench_line"]

TRACE_RATIO = "0.01"
BATCH_ONLY = {"CARDWRIGHT_RENDER": "off", "CARDWRIGHT_CHIP": "off"}
_ISSUER = "aurora-bank"
_WARM_UP = 20
_LOOK_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log, as far as times are concerned."""

    card_id: str
    sequence: int
    kind: str
    recorded_at: datetime


class BenchLine:
    """A running line with stock for ``cards`` cards in each printer."""

    def __init__(self, line: LineUnderTest) -> None:
        self.under_test = line

    @property
    def pids(self) -> dict[str, int]:
        """The supervised processes."""
        statuses = self.under_test.line.supervisor.statuses()
        return {each.name: each.identity.pid for each in statuses if each.identity is not None}

    def usage(self) -> dict[str, Usage]:
        """What each supervised process used so far, with its children."""
        return usage(self.pids)

    def messages(self, count: int, prefix: str, *, express: bool = False) -> list[RequestMessage]:
        """Seal requests beforehand, so that the issuer's own work is not measured."""
        line = self.under_test
        client = line.issuers[_ISSUER]
        rows = (debit_row(number, express=express, prefix=prefix) for number in range(count))
        return [line._message(client, row) for row in rows]

    @contextlib.asynccontextmanager
    async def issuer(self) -> AsyncIterator[IssuerClient]:
        """Open the issuer's producer."""
        async with self.under_test.issuers[_ISSUER] as client:
            yield client

    async def position(self) -> int:
        """Return where the log ends."""
        return int(await self.under_test.log.fetchval("SELECT max(position) FROM event") or 0)

    async def until_ended(self, count: int, after: int) -> None:
        """Wait until ``count`` cards have ended that were logged after ``after``."""
        query = "SELECT count(*) FROM event WHERE position > $1 AND kind = ANY($2::text[])"
        ends = ["dispatched", "request_refused", "preparation_refused"]
        ended = partial(self.under_test.log.fetchval, query, after, ends)
        while await ended() < count:  # noqa: ASYNC110  # other processes set no Event here
            await asyncio.sleep(_LOOK_EVERY)

    async def logged(self, after: int) -> list[Logged]:
        """Return the events after a position, stream by stream."""
        rows = await self.under_test.log.fetch(
            "SELECT stream_id::text, sequence, kind, recorded_at FROM event"
            " WHERE position > $1 ORDER BY stream_id, sequence",
            after,
        )
        return [Logged(*row) for row in rows]

    def device_seconds(self, card_ids: Iterable[str]) -> dict[str, float]:
        """Return for how long a machine had each of these cards in hand, by card id."""
        spans: dict[str, list[tuple[float, float]]] = {card_id: [] for card_id in card_ids}
        for device in ("printer-1", "printer-2", "encoder-1", "inspector-1"):
            for act in self.under_test.acts(device):
                own = spans.get(act.job_id.rpartition("-")[0])
                if own is not None and act.finished is not None:
                    own.append((act.started, act.finished))
        return {card_id: _covered(own) for card_id, own in spans.items()}


@contextlib.asynccontextmanager
async def bench_line(
    stack: Stack, settings: Mapping[str, str], cards: int
) -> AsyncIterator[BenchLine]:
    """Run a line with stock for ``cards`` cards, warmed up and at rest."""
    options = LineOptions(
        settings={"CARDWRIGHT_TRACE_RATIO": TRACE_RATIO, **settings},
        keep_images="none",
        keep_mailers="none",
    )
    with tempfile.TemporaryDirectory(prefix="cardwright-bench-") as folder:
        root = Path(folder)
        # Postgres, which refuses to run as root, must get through.
        await asyncio.to_thread(root.chmod, 0o711)
        async with line_under_test(root, stack, options) as line:
            made = BenchLine(line)
            for device in ("printer-1", "printer-2"):
                await line.load(
                    material="pvc-dual", count=cards + _WARM_UP, lot=device, device=device
                )
            await line.load_forms(cards + _WARM_UP)
            before = await made.position()
            async with made.issuer() as issuer:
                await issuer.submit(made.messages(_WARM_UP, "warm-up"))
            await made.until_ended(_WARM_UP, before)
            yield made


def _covered(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, 0.0
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return total
