"""Wires erasure: the reader of the log, the sweep, and the station that its facts leave by."""

from __future__ import annotations

import asyncio
import contextlib

from cardwright.bus.feed import Feed
from cardwright.bus.topics import EVENTS
from cardwright.custody.statement import SignatureVerifier
from cardwright.station.beside import beside
from cardwright.station.faults import until_it_passes
from cardwright.station.outbox import Outbox
from cardwright.station.pools import open_pool
from cardwright.station.runtime import Parts, StationSpec, run_station
from cardwright.station.signers import Signers
from cardwright.station.signing import FactSigner
from cardwright.station.work import WorkTable
from services.retention.adapters.reader import Reader
from services.retention.adapters.settings import RetentionSettings
from services.retention.adapters.store import Store
from services.retention.adapters.trust import Trust
from services.retention.adapters.vault import VaultFloor
from services.retention.handlers import Eraser

__all__ = ["main", "wire"]

_NAME = "retention"


class _Desk:
    """The reader and the sweep, beside each other."""

    def __init__(self, parts: Parts, own: RetentionSettings, floor: VaultFloor) -> None:
        verifier = SignatureVerifier({})
        trust = Trust(Signers(parts.module, verifier), verifier)
        store = Store(parts.pool)
        signer = FactSigner(parts.module, _NAME, parts.settings.site)
        self._kafka, self._look = parts.settings.kafka, own.retention_look
        self._asked, self._at_end = asyncio.Event(), False
        self._reader = Reader(store, trust, self._asked)
        self._eraser = Eraser(
            store=store,
            vault=floor,
            trust=trust,
            terms=own.terms,
            table=WorkTable(),
            outbox=Outbox(signer, parts.producer, parts.source),
            site=parts.settings.site,
            whole=lambda: self._at_end and self._reader.whole,
        )

    async def run(self) -> None:
        """Read and sweep until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            tasks.create_task(self._sweep())

    async def _read(self) -> None:
        feed = Feed(self._kafka, EVENTS, await until_it_passes(_NAME, self._reader.start))
        async with contextlib.AsyncExitStack() as stack:
            await until_it_passes(_NAME, stack.enter_async_context, feed)
            async for batch in feed.batches():
                if batch:
                    await until_it_passes(_NAME, self._reader.handle, batch)
                else:
                    self._at_end = await until_it_passes(_NAME, feed.at_end)

    async def _sweep(self) -> None:
        while True:
            self._asked.clear()
            await until_it_passes(_NAME, self._eraser.sweep)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), self._look)


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Start reading and sweeping; there are no orders to take."""
    pools = []
    for name in ("vault", "datakeys"):
        dsn = parts.settings.require(name).reveal()
        pools.append(await until_it_passes(_NAME, open_pool, dsn, 2))
        stack.push_async_callback(pools[-1].close)
    desk = _Desk(parts, RetentionSettings.from_environment(), VaultFloor(*pools))
    await stack.enter_async_context(beside(desk.run()))
    return StationSpec()


def main() -> None:
    """Run the service until it is told to stop."""
    run_station(_NAME, wire)
