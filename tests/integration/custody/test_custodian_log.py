"""Custody's handler on the real log."""

from __future__ import annotations

import itertools
from typing import TypeAlias

import asyncpg
import pytest

from cardwright.eventlog.log import EventLog, FencedError, NewEvent
from cardwright.station.faults import is_passing
from tests.unit.custody_service.custody_kit import House, life, new_card, opening

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class LogThatForgets(EventLog):
    """Commits, and loses the answer, as a connection does that is cut at the wrong time."""

    lost = 0

    async def append(self, events: list[NewEvent]) -> int:  # type: ignore[override]  # as it is called
        if not self.lost:
            return await super().append(events)
        self.lost -= 1
        other = EventLog(self._pool)
        other.epoch = self.epoch
        await other.append(events)
        self._sure = False
        raise ConnectionResetError


async def test_cards_live_and_the_chain_holds(pool: Pool) -> None:
    house = House(log=EventLog(pool))
    await house.custodian.start()
    cards = [new_card() for _ in range(20)]
    for steps in zip(*map(life, cards), strict=True):
        await house.say(*steps)
    rows = await house.log.streams(cards)
    assert len(rows) == 20 * 7
    for before, after in itertools.pairwise(rows):
        expected = before.hash if after.sequence > 1 else b""
        assert after.decode().previous_hash == expected
        assert after.decode().hash == after.hash
    await house.custodian.tick()
    assert await house.log.published() == house.log.position


async def test_a_lost_commit_is_found_in_the_log(pool: Pool) -> None:
    log = LogThatForgets(pool)
    house = House(log=log)
    await house.custodian.start()
    card = new_card()
    batch = await house.messages(*life(card)[:3])
    log.lost = 1
    with pytest.raises(ConnectionResetError):
        await house.custodian.handle(batch)
    await house.custodian.handle(batch)
    assert [row.kind for row in await log.streams([card])] == [
        "request_accepted",
        "prepared",
        "printed",
    ]
    published = [event.sequence for event in house.bus.events() if event.stream_id == card]
    assert published == [1, 2, 3]
    assert house.bus.mail("order")[-1].card_id == card
    await house.say(*life(card)[3:])
    positions = await pool.fetch("SELECT position FROM event ORDER BY position")
    assert [row["position"] for row in positions] == list(range(1, len(positions) + 1))


async def test_two_writers_never_write_both(pool: Pool) -> None:
    old = House(log=EventLog(pool))
    await old.custodian.start()
    card = new_card()
    await old.say(opening(card))
    new = House(log=EventLog(pool))
    await new.custodian.start()
    with pytest.raises(FencedError) as fenced:
        await old.say(*life(card)[1:2])
    assert not is_passing(fenced.value), "a fenced writer must end"
    await new.say(*life(card)[1:2])
    assert [row.sequence for row in await new.log.streams([card])] == [1, 2]
