"""Which projection serves, how each follows the topic, and how one is rebuilt beside the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from cardwright.bus.feed import Feed
from cardwright.bus.topics import EVENTS
from cardwright.station.faults import until_it_passes
from services.query.adapters.control import Control
from services.query.adapters.store import Store
from services.query.handlers import Projector

__all__ = ["NAME", "Keeper", "Projection", "View"]

_log = logging.getLogger(__name__)

NAME: Final = "query"
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class Projection:
    """One projection: its tables and who keeps them. ``caught_up`` once it has reached the end."""

    store: Store
    projector: Projector
    caught_up: bool = False

    @classmethod
    def over(cls, store: Store) -> Projection:
        """Wire a projection over its tables."""
        return cls(store, Projector(store))

    @property
    def position(self) -> int:
        """The log is applied up to here."""
        return self.projector.position


class View:
    """What callers see: the projection that serves now, and the news that it moved on."""

    def __init__(self, serving: Projection) -> None:
        self._serving = serving
        self._news = asyncio.Condition()

    @property
    def store(self) -> Store:
        """The tables to read."""
        return self._serving.store

    @property
    def position(self) -> int:
        """Callers see the log up to here; it never goes back."""
        return self._serving.position

    async def switch(self, projection: Projection) -> None:
        """Let another projection serve, which is at least as far."""
        self._serving = projection
        await self.announce()

    async def announce(self) -> None:
        """Say that a projection moved on."""
        async with self._news:
            self._news.notify_all()

    async def past(self, position: int) -> None:
        """Wait until callers can see more of the log than up to ``position``."""
        await self.until(lambda: self.position > position)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds; it is looked at whenever there is news."""
        async with self._news:
            await self._news.wait_for(condition)


@dataclass(slots=True)
class _Patience:
    """Says when a gap has stood so long that the topic should be read again, ever more rarely."""

    seconds: float = _PATIENCE_S
    _position: int = -1
    _since: float = field(default=0.0)

    def is_over(self, projector: Projector, now: float) -> bool:
        if not projector.waits or projector.position != self._position:
            self._position, self._since = projector.position, now
            return False
        if now - self._since < self.seconds:
            return False
        self.seconds, self._since = self.seconds * 2, now
        return True


class Keeper:
    """Keeps the projection that serves, and rebuilds the other when that is asked for.

    Args:
        projections: by slot.
        serving: the slot that serves.
        control: where rebuilds are asked for.
        bootstrap: the brokers.
    """

    def __init__(
        self,
        projections: tuple[Projection, Projection],
        serving: int,
        control: Control,
        bootstrap: str,
    ) -> None:
        self._projections = projections
        self._control = control
        self._bootstrap = bootstrap
        self.view = View(projections[serving])

    async def run(self) -> None:
        """Follow the topic, and look every second whether a rebuild is wanted."""
        async with asyncio.TaskGroup() as tasks:
            asked = await until_it_passes(NAME, self._control.read)
            follower = tasks.create_task(self._follow(self._projections[asked.serving]))
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                asked = await until_it_passes(NAME, self._control.read)
                if asked.wanted == asked.done:
                    continue
                fresh = self._projections[1 - asked.serving]
                _log.info("rebuilding projection %d", fresh.store.slot)
                await until_it_passes(NAME, fresh.store.clear)
                fresh.caught_up = False
                successor = tasks.create_task(self._follow(fresh))
                await self.view.until(partial(self._as_far, fresh))
                await until_it_passes(NAME, self._control.switch, fresh.store.slot, asked.wanted)
                await self.view.switch(fresh)
                follower.cancel()
                follower = successor
                _log.info("projection %d is rebuilt and serves", fresh.store.slot)

    def _as_far(self, fresh: Projection) -> bool:
        return fresh.caught_up and fresh.position >= self.view.position

    async def _follow(self, projection: Projection) -> None:
        """Keep a projection up with the topic until cancelled."""
        projector = projection.projector
        offsets = await until_it_passes(NAME, projector.start)
        await self.view.announce()
        feed = Feed(self._bootstrap, EVENTS, offsets)
        patience = _Patience()
        clock = asyncio.get_running_loop()
        async with contextlib.AsyncExitStack() as stack:
            await until_it_passes(NAME, stack.enter_async_context, feed)
            async for batch in feed.batches():
                if batch:
                    await until_it_passes(NAME, projector.handle, batch)
                if not projection.caught_up:
                    projection.caught_up = await until_it_passes(NAME, feed.at_end)
                await self.view.announce()
                # Before the end, what is missing may just be in a partition that is read later.
                if projection.caught_up and patience.is_over(projector, clock.time()):
                    _log.warning("a gap in the log after %d: reading again", projector.position)
                    await until_it_passes(NAME, feed.rewind)
