"""Reads the published log: keeps what is told of cards, and picks out the commands to erase."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence

from cardwright.bus import Inbound
from cardwright.card.events import Command, KeyChanged, LotIssued, LotReceived, Verb, kind_name
from cardwright.custody.statement import SignatureError
from cardwright.eventlog.codec import CodecError, LoggedEvent, decode_event
from cardwright.eventlog.complete import Complete
from services.retention.adapters.store import Ask, Place, Store
from services.retention.adapters.trust import Trust

__all__ = ["Reader"]

_log = logging.getLogger(__name__)
_POSITION, _TYPE, _EVENT = "cwposition", "ce_type", "cardwright.event."
_OF_NO_CARD = frozenset(_EVENT + kind_name(body) for body in (LotReceived, LotIssued, KeyChanged))
_COMMAND = _EVENT + kind_name(Command)
_STREAM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # RFC 9562, section 4


class Reader:
    """Takes batches of the topic ``events``. For one task.

    Args:
        store: the service's tables.
        trust: who may say what.
        asked: set when a command to erase has come.
    """

    def __init__(self, store: Store, trust: Trust, asked: asyncio.Event) -> None:
        self._store, self._trust, self._asked = store, trust, asked
        self._complete, self._seen = Complete(), 0

    @property
    def whole(self) -> bool:
        """Nothing is missing of the log, as far as it was read."""
        return self._complete.position == self._seen

    async def start(self) -> dict[int, int]:
        """Read how far the log was read; returns the next offset of each partition."""
        offsets, self._complete, self._seen = await self._store.progress()
        return offsets

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Take a batch; may be repeated whole."""
        places, asks = [], []
        for message in batch:
            position = message.headers.get(_POSITION, "")
            stream_id = (message.key or b"").decode("ascii", "replace")
            if not position.isdecimal() or not _is_stream(stream_id):
                _log.error("a message on %s is no event", message.topic, extra=_where(message))
                continue
            kind = message.headers.get(_TYPE, "")
            if kind == _COMMAND and (ask := await self._ask(message)) is not None:
                asks.append(ask)
            body = b"" if kind in _OF_NO_CARD else message.value
            places.append(Place(int(position), stream_id, body))
        positions = [place.position for place in places]
        self._complete.add(positions)
        self._seen = max([self._seen, *positions])
        offsets: dict[int, int] = {}
        for message in batch:
            offsets[message.partition] = max(offsets.get(message.partition, 0), message.offset + 1)
        await self._store.take(places, asks, offsets, self._complete.position)
        if asks:
            self._asked.set()

    async def _ask(self, message: Inbound) -> Ask | None:
        try:
            event: LoggedEvent = decode_event(message.value)
            await self._trust.check(event)
        except (CodecError, SignatureError) as error:
            _log.error("a command is not to be trusted", extra={"code": error.code})
            return None
        body = event.fact.body
        if isinstance(body, Command) and body.verb is Verb.ERASE:
            return Ask(event.fact.fact_id, event.stream_id)
        return None


def _is_stream(key: str) -> bool:
    return _STREAM.fullmatch(key) is not None


def _where(message: Inbound) -> dict[str, object]:
    return {"partition": message.partition, "offset": message.offset}
