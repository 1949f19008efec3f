"""The makers: processes of the lowest priority that fill the pool, and who watches over them.

A maker knows no secret of the module's. It makes a pair, seals it to the public key of "pair", and
forgets it; the journal, which anyone can verify, tells that key.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from opentelemetry import metrics

from cardwright.emv.rsa import generate_rsa
from cardwright.hsm.port import HsmError, Pool
from cardwright.vault.sealing import Sealer, SectionKey
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, Journal
from services.keymanagement.module.inventory.lifecycle import State
from services.keymanagement.module.pool.marks import Marks, load_marks
from services.keymanagement.module.pool.pairs import PAIR, PairPool, seal_pairs
from services.keymanagement.module.pool.store import POOL_FILE, PairStore

__all__ = ["BATCH", "Maker", "run_makers"]

_log = logging.getLogger(__name__)
_NICE: Final = 19
BATCH: Final = 8
"""Pairs sealed together: they share an ephemeral key, which whoever opens them agrees with once."""
_LOOK_S: Final = 0.2
_WATCH_S: Final = 1.0
_HELD_S: Final = 3600.0
"""How long a holder that asks again has the same pair."""


class Maker:
    """Fills the pool of a keys folder.

    Args:
        folder: with the marks, the journal and the pool.
        leader: goes on above the low marks, up to the high ones; the others help below.

    Raises:
        HsmError: POOL_MARKS, or what is wrong with the journal.
    """

    def __init__(self, folder: Path, *, leader: bool) -> None:
        self._leader = leader
        self._marks = load_marks(folder)
        self._journal = Journal(folder / JOURNAL_FILE)
        self._store = PairStore(folder / POOL_FILE)

    def step(self) -> int:
        """Make a few pairs of the size that lacks most, and return how many."""
        ready = self._store.ready()
        lacking = [each for each in self._marks if self._lacks(each, ready.get(each.size, 0))]
        if not lacking:
            return 0
        most = min(lacking, key=lambda each: ready.get(each.size, 0) / each.high)
        count = min(BATCH, most.high - ready.get(most.size, 0))
        keys = [generate_rsa(most.bits, most.exponent) for _ in range(count)]
        self._store.add(seal_pairs(self._sealer(), keys))
        return count

    def _lacks(self, marks: Marks, ready: int) -> bool:
        return ready < (marks.high if self._leader else marks.low)

    def _sealer(self) -> Sealer:
        self._journal.refresh()
        now, label = datetime.now(UTC), f"section/{PAIR}"
        active = [
            record
            for record in self._journal.inventory.records()
            if record.key.label == label and record.state_at(now) is State.ACTIVE
        ]
        if not active:
            raise HsmError("KEY_INACTIVE", f"No version of {label} is active: activate one.")
        newest = max(active, key=lambda record: record.key.version)
        return Sealer({PAIR: SectionKey(newest.key.key_id, newest.public)})


async def run_makers(folder: Path, count: int) -> None:
    """Keep so many makers at work until SIGTERM or SIGINT, wipe what was used, and measure.

    Raises:
        HsmError: POOL_MARKS.
    """
    os.nice(_NICE)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    store, measures = PairStore(folder / POOL_FILE), _Measures()
    pool = PairPool(store, load_marks(folder))
    workers = [_Worker(folder, leader=index == 0) for index in range(count)]
    try:
        while not stopping.is_set():
            for worker in workers:
                worker.keep_alive()
            store.wipe(time.time() - _HELD_S)
            measures.take(pool.state())
            await _either(stopping, _WATCH_S)
    finally:
        for worker in workers:
            worker.end()
        store.close()


class _Worker:
    """A maker's process. It ends when the pipe to it breaks: told to, or as its parent died."""

    def __init__(self, folder: Path, *, leader: bool) -> None:
        self._folder, self._leader = folder, leader
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def keep_alive(self) -> None:
        """Start the process, again if need be."""
        if self._process is not None and self._process.is_alive():
            return
        self.end()
        context = multiprocessing.get_context("spawn")
        told, self._pipe = context.Pipe(duplex=False)
        arguments = (self._folder, self._leader, told)
        self._process = context.Process(target=_make, args=arguments, daemon=True)
        self._process.start()
        told.close()

    def end(self) -> None:
        """End the process after the pairs that it has in hand."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join()


def _make(folder: Path, leader: bool, told: Connection) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # whoever watches is told, and tells
    maker = Maker(folder, leader=leader)
    while not told.poll():
        if not maker.step():
            told.poll(_LOOK_S)


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


class _Measures:
    """What operators see of the pools."""

    def __init__(self) -> None:
        meter = metrics.get_meter("keypool")
        self._ready = meter.create_gauge("cardwright.keypool.ready", description="pairs ready")
        self._made = meter.create_counter("cardwright.keypool.made", description="pairs made")
        self._used = meter.create_counter("cardwright.keypool.used", description="pairs used")
        self._before: dict[tuple[int, int], Pool] = {}

    def take(self, pools: Sequence[Pool]) -> None:
        """Take the pools' state down; counters go on from where the first look found them."""
        for pool in pools:
            attributes = {"bits": pool.bits, "exponent": pool.exponent}
            before = self._before.get((pool.bits, pool.exponent), pool)
            self._ready.set(pool.ready, attributes)
            self._used.add(pool.used - before.used, attributes)
            self._made.add(pool.ready + pool.used - before.ready - before.used, attributes)
            if pool.ready < pool.low_water <= before.ready:
                _log.warning("the pool of RSA-%d/%d runs low", pool.bits, pool.exponent)
            self._before[pool.bits, pool.exponent] = pool
