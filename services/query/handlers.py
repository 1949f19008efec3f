"""A batch of events in, a transaction of the projection out."""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

from cardwright.bus import Inbound
from cardwright.card import Card
from cardwright.eventlog.codec import CodecError, decode_event
from cardwright.eventlog.complete import Complete
from services.query.domain import Applied, Arrival, Head, Taken

__all__ = ["Change", "Projector", "State", "Tables"]

_log = logging.getLogger(__name__)

POSITION: Final = "cwposition"
"""The header with an event's position in the log, decimal."""
_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class State:
    """What a projection knows about itself; ``seen`` is the last position that ever came."""

    offsets: Mapping[int, int]
    complete: Complete
    seen: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction writes. ``released`` are held events that are not held any more."""

    applied: Sequence[Applied]
    heads: Sequence[Head]
    held: Sequence[Arrival]
    released: Sequence[Arrival]
    offsets: Mapping[int, int]
    complete: int


class Tables(Protocol):
    """The tables of one projection."""

    async def state(self) -> State:
        """Read how far the projection is."""

    async def heads(self, stream_ids: Sequence[str]) -> dict[str, Head]:
        """Fold the applied events of these streams."""

    async def held(self, stream_ids: Sequence[str]) -> list[Arrival]:
        """Return the held events of these streams."""

    async def write(self, change: Change) -> None:
        """Write all of a change or nothing."""


class Projector:
    """Keeps one projection. The only writer of its tables; not for use by two tasks at once."""

    def __init__(self, tables: Tables, remembered: int = _REMEMBERED) -> None:
        self._tables = tables
        self._remembered = remembered
        self._heads: OrderedDict[str, Head] = OrderedDict()
        self._complete = Complete()
        self._seen = 0
        self._known = False
        self.position = 0
        """Every event up to this position of the log is applied, and committed."""

    @property
    def waits(self) -> bool:
        """Events came from beyond a gap in the log."""
        return self._seen > self.position

    async def start(self) -> Mapping[int, int]:
        """Read where the projection stands; returns the next offset of each partition."""
        state = await self._tables.state()
        self._heads.clear()
        self._complete = state.complete
        self._seen = state.seen
        self.position = state.complete.position
        self._known = True
        return state.offsets

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Apply a batch. May be repeated whole: what was applied is dropped."""
        if not self._known:
            await self.start()  # after a failed write only the tables know what was written
        self._known = False
        arrivals = self._read(batch)
        taken, before = await self._take(arrivals)
        applied = list(chain.from_iterable(stream.applied for stream in taken))
        self._complete.add(each.arrival.position for each in applied)
        await self._tables.write(self._change(batch, taken, before, applied))
        self._remember(stream.head for stream in taken)
        self.position = self._complete.position
        self._known = True

    def _read(self, batch: Sequence[Inbound]) -> list[Arrival]:
        arrivals = []
        for message in batch:
            position = message.headers.get(POSITION, "")
            if not position.isdecimal():
                _complain(message, "EVENT_WITHOUT_POSITION")
            elif int(position) > self._complete.position:
                self._seen = max(self._seen, int(position))
                try:
                    arrivals.append(Arrival(int(position), decode_event(message.value)))
                except CodecError as error:
                    _complain(message, error.code)
        return arrivals

    async def _take(self, arrivals: Sequence[Arrival]) -> tuple[list[Taken], list[Arrival]]:
        by_stream: defaultdict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            by_stream[arrival.event.stream_id].append(arrival)
        if not by_stream:
            return [], []
        before = await self._tables.held(list(by_stream))
        for arrival in before:
            by_stream[arrival.event.stream_id].append(arrival)
        unknown = [stream_id for stream_id in by_stream if stream_id not in self._heads]
        found = await self._tables.heads(unknown) if unknown else {}
        taken = []
        for stream_id, own in by_stream.items():
            head = self._heads.get(stream_id) or found.get(stream_id) or Head(Card(stream_id))
            stream = head.take(own)
            for stranger in stream.strangers:
                _log.error("an event is not of this log", extra=_where(stranger))
            taken.append(stream)
        return taken, before

    def _change(
        self,
        batch: Sequence[Inbound],
        taken: Sequence[Taken],
        before: Sequence[Arrival],
        applied: Sequence[Applied],
    ) -> Change:
        held = {_place(each): each for each in chain.from_iterable(s.held for s in taken)}
        was_held = {_place(each) for each in before}
        offsets: dict[int, int] = {}
        for message in batch:
            offsets[message.partition] = max(offsets.get(message.partition, 0), message.offset + 1)
        return Change(
            applied=applied,
            heads=[stream.head for stream in taken if stream.applied and stream.head.is_card],
            held=[each for place, each in held.items() if place not in was_held],
            released=[each for each in before if _place(each) not in held],
            offsets=offsets,
            complete=self._complete.position,
        )

    def _remember(self, heads: Iterable[Head]) -> None:
        for head in heads:
            self._heads[head.card.card_id] = head
            self._heads.move_to_end(head.card.card_id)
        while len(self._heads) > self._remembered:
            self._heads.popitem(last=False)


def _place(arrival: Arrival) -> tuple[str, int]:
    return arrival.event.stream_id, arrival.event.sequence


def _where(arrival: Arrival) -> dict[str, object]:
    return {"card_id": arrival.event.stream_id, "sequence": arrival.event.sequence}


def _complain(message: Inbound, code: str) -> None:
    """Say so and go on: the audit names it, and a rebuild reads it again."""
    where = {"code": code, "partition": message.partition, "offset": message.offset}
    _log.error("a message on %s is no event", message.topic, extra=where)
