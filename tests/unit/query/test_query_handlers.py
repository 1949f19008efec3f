from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.bus import Inbound
from cardwright.card import Card
from cardwright.eventlog.complete import Complete
from cardwright.eventlog.log import LogRow
from services.query.domain import Applied, Arrival, Head
from services.query.handlers import Change, Projector, State
from tests.unit.audit.signed_logs import shop_floor

ROWS = shop_floor(5).rows


@dataclass
class InMemory:
    """Tables that refuse what the database's constraints refuse, and fail when told to."""

    applied: dict[tuple[str, int], Applied] = field(default_factory=dict)
    waiting: dict[tuple[str, int], Arrival] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    complete: int = 0
    fail_next: bool = False

    async def state(self) -> State:
        complete = Complete(self.complete)
        complete.add(each.arrival.position for each in self.applied.values())
        came = [each.arrival.position for each in self.applied.values()]
        came += [each.position for each in self.waiting.values()]
        return State(dict(self.offsets), complete, max(came, default=0))

    async def heads(self, stream_ids: Sequence[str]) -> dict[str, Head]:
        heads: dict[str, Head] = {}
        for stream_id, sequence in sorted(self.applied):
            if stream_id in stream_ids:
                head = heads.get(stream_id, Head(Card(stream_id)))
                heads[stream_id] = head.after(self.applied[stream_id, sequence].arrival.event)
        return heads

    async def held(self, stream_ids: Sequence[str]) -> list[Arrival]:
        return [each for (stream_id, _), each in self.waiting.items() if stream_id in stream_ids]

    async def write(self, change: Change) -> None:
        if self.fail_next:
            self.fail_next = False
            raise ConnectionError
        for each in change.applied:
            event = each.arrival.event
            assert (event.stream_id, event.sequence) not in self.applied
            self.applied[event.stream_id, event.sequence] = each
        for gone in change.released:
            del self.waiting[gone.event.stream_id, gone.event.sequence]
        for new in change.held:
            assert (new.event.stream_id, new.event.sequence) not in self.waiting
            self.waiting[new.event.stream_id, new.event.sequence] = new
        self.offsets.update(change.offsets)
        self.complete = change.complete


def messages(rows: Iterable[LogRow]) -> list[Inbound]:
    return [
        Inbound("events", 0, offset, b"", row.body, {"cwposition": str(row.position)})
        for offset, row in enumerate(rows)
    ]


async def test_a_redelivery_of_everything_changes_nothing() -> None:
    tables = InMemory()
    for _ in range(2):
        projector = Projector(tables)
        await projector.handle(messages(ROWS))
        assert projector.position == len(ROWS) == len(tables.applied)


async def test_a_gap_is_held_until_it_closes_across_a_restart() -> None:
    tables = InMemory()
    missing, rest = ROWS[7], ROWS[:7] + ROWS[8:]
    first = Projector(tables)
    await first.handle(messages(rest))
    assert first.position == 7
    assert {each.event.stream_id for each in tables.waiting.values()} == {missing.stream_id}
    await first.handle(messages(rest))
    second = Projector(tables)
    await second.start()
    assert second.waits
    await second.handle(messages([missing]))
    assert second.position == len(ROWS)
    assert not tables.waiting
    assert not second.waits


async def test_a_failed_write_leaves_nothing_behind() -> None:
    tables = InMemory()
    projector = Projector(tables)
    await projector.handle(messages(ROWS[:10]))
    tables.fail_next = True
    with pytest.raises(ConnectionError):
        await projector.handle(messages(ROWS[10:20]))
    assert projector.position == 10
    await projector.handle(messages(ROWS[10:20]))
    assert projector.position == 20


async def test_garbage_is_passed_over_and_stands_out(caplog: pytest.LogCaptureFixture) -> None:
    tables = InMemory()
    good = messages(ROWS[:3])
    unnumbered = Inbound("events", 0, 3, b"", ROWS[3].body, {})
    garbage = Inbound("events", 0, 4, b"", b"\xff", {"cwposition": "4"})
    projector = Projector(tables)
    await projector.handle([*good, unnumbered, garbage])
    assert projector.position == 3
    assert tables.offsets == {0: 5}
    codes = {getattr(record, "code", "") for record in caplog.records}
    assert codes == {"EVENT_WITHOUT_POSITION", "EVENT_GARBAGE"}


@settings(max_examples=60)
@given(st.data())
async def test_any_delivery_of_all_events_comes_to_the_same(data: st.DataObject) -> None:
    twice = data.draw(st.lists(st.sampled_from(ROWS), max_size=15))
    mixed = data.draw(st.permutations([*ROWS, *twice]))
    size = data.draw(st.integers(1, len(mixed)))
    tables = InMemory()
    projector = Projector(tables, remembered=data.draw(st.sampled_from([1, 2, 100])))
    for start in range(0, len(mixed), size):
        await projector.handle(messages(mixed[start : start + size]))
    assert projector.position == len(ROWS)
    assert not tables.waiting
    assert sorted(each.arrival.position for each in tables.applied.values()) == [
        row.position for row in ROWS
    ]
