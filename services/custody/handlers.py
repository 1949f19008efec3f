"""A batch of facts: verify, judge, append, publish, hand out what follows."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cardwright.bus import Inbound, Outbound
from cardwright.card import Card, kind_of
from cardwright.custody.statement import SignatureError, SignatureVerifier
from cardwright.eventlog.codec import CodecError, ReceivedFact, decode_fact_message
from cardwright.eventlog.log import EventLog
from cardwright.station.deadletters import DeadLetters, Unreadable
from cardwright.station.measures import Measures
from cardwright.station.signers import Signers
from cardwright.station.signing import FactSigner, Statement
from cardwright.telemetry import CardTracer
from services.custody.adapters.publisher import Publisher
from services.custody.domain.book import Book, retell
from services.custody.domain.control import Control, Handout
from services.custody.domain.plan import Plan, Sealed, plan, seal

__all__ = ["Custodian"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sorted:
    """A batch of messages after decoding and verification."""

    facts: list[ReceivedFact] = field(default_factory=list)
    letters: list[Unreadable] = field(default_factory=list)
    sources: dict[str, Inbound] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Custodian:
    """The one writer. Not to be used by two tasks at once, but for :meth:`tick`."""

    site: str
    log: EventLog
    verifier: SignatureVerifier
    signers: Signers
    signer: FactSigner
    publisher: Publisher
    control: Control
    dead: DeadLetters
    tracer: CardTracer
    measures: Measures
    book: Book = field(default_factory=Book)
    _unsent: list[Outbound] = field(default_factory=list)
    _adrift: bool = False
    _published: int = 0
    _marked: int = 0

    async def start(self) -> None:
        """Take over the log and go on from what it says."""
        await self.log.take_over()
        await self._rebuild()

    async def _rebuild(self) -> None:
        """Rebuild the heads from the log, publish what may not have been, hand out what is due."""
        self._adrift = True
        self.book = Book()
        self.control.clear()
        rows = [row async for row in self.log.open_streams()]
        self.book.load(row.decode() for row in rows)
        self.book.forget_ended(row.stream_id for row in rows)
        live = self.book.live()
        self._marked = await self.log.published()
        self._published = await self._publish_after(self._marked)
        now = time.monotonic()
        handouts = [h for head in live for h in self.control.follow(head.card, now)]
        await self.publisher.send(self._orders(handouts, {}))
        self._adrift = False
        _log.info("epoch %d, %d live streams", self.log.epoch, len(live))

    async def handle(self, batch: Sequence[Inbound]) -> None:
        """Handle a batch of facts; may be repeated whole after a passing fault."""
        began = time.time_ns()
        if self._adrift:
            await self._rebuild()
        work = await self._sort(batch)
        await self._load({received.fact.stream_id for received in work.facts})
        planned = plan(self.book, work.facts, self.site)
        own = await self._sign(planned)
        sealed = seal(self.book, planned.entries, own, self.log.epoch, datetime.now(UTC))
        first = await self._append(sealed)
        onward = self._trace(work, began)
        # What follows from the commit is said in any case: a repetition finds only duplicates.
        self._unsent += self._news(planned, sealed, first, onward)
        self._unsent += self._orders(self._handouts(sealed), onward)
        letters = work.letters + [self._refusal(work, *refused) for refused in planned.refused]
        await self.dead.bury(letters)
        retold = await self._retold(planned.repeated)
        acknowledged = self.publisher.acknowledgements(work.facts)
        await self.publisher.send([*self._unsent, *retold, *acknowledged])
        self._unsent.clear()
        self._published = max(self._published, self.log.position)
        self.book.forget_ended(received.fact.stream_id for received in work.facts)
        self.measures.batch(len(work.facts), time.time_ns() - began)

    async def tick(self) -> None:
        """Send again what is overdue, and note how far the log is published.

        A mark that somebody set back asks for everything after it once more: the topic was lost.
        """
        now = time.monotonic()
        due = [*self.control.freed(self._card, now), *self.control.overdue(self._card, now)]
        await self.publisher.send(self._orders(due, {}))
        mark = await self.log.published()
        if mark < self._marked:
            _log.info("publishing again after position %d", mark)
            await self._publish_after(mark)
        published = self._published  # a batch may be published while this is noted
        if published > mark:
            await self.log.mark_published(published)
        self._marked = published

    async def _sort(self, batch: Iterable[Inbound]) -> _Sorted:
        work = _Sorted()
        for message in batch:
            try:
                received = decode_fact_message(message.value)
                await self.signers.meet(received.signer)
                self._verify(received)
            except (CodecError, SignatureError) as error:
                work.letters.append(Unreadable(message, error.code, "it was not logged"))
                continue
            work.facts.append(received)
            work.sources[received.fact.fact_id] = message
            if trace := message.headers.get("traceparent"):
                work.traces[received.fact.stream_id] = trace
        return work

    def _verify(self, received: ReceivedFact) -> None:
        fact = received.fact
        if not received.signer.startswith(f"sign/{fact.actor}.{fact.site}#"):
            raise SignatureError("SIGNER_OTHER", "the fact names another actor than its signer")
        self.verifier.check(
            received.signer,
            received.leaf,
            received.leaf_index,
            received.tree_size,
            received.path,
            received.signature,
        )

    async def _load(self, stream_ids: set[str]) -> None:
        missing = [stream_id for stream_id in stream_ids if stream_id not in self.book]
        if missing:
            self.book.load(row.decode() for row in await self.log.streams(missing))

    async def _sign(self, planned: Plan) -> list[bytes]:
        own = [Statement(fact.fact_id, fact.stream_id, "", fact.body) for fact in planned.own]
        return await self.signer.sign_facts(own)

    async def _append(self, sealed: Sealed) -> int:
        """Append. If it fails the commit may have gone through: only the log knows."""
        if not sealed.events:
            return self.log.position + 1
        self._adrift = True
        first = await self.log.append(sealed.events)
        self._adrift = False
        self.book.put(sealed.heads)
        return first

    def _handouts(self, sealed: Sealed) -> Iterator[Handout]:
        now = time.monotonic()
        for head in sealed.heads.values():
            yield from self.control.follow(head.card, now)
        yield from self.control.freed(self._card, now)

    def _news(
        self, planned: Plan, sealed: Sealed, first: int, onward: Mapping[str, str]
    ) -> Iterator[Outbound]:
        """Build the events, and the outcomes that follow from them."""
        for index, (entry, event) in enumerate(zip(planned.entries, sealed.events, strict=True)):
            trace = onward.get(event.stream_id, "")
            yield self.publisher.event(
                first + index, event.stream_id, event.kind, event.body, trace
            )
            issued = entry.received.attachment if entry.received else b""
            yield from self.publisher.outcome(
                entry.card, event.sequence, event.recorded_at, entry.fact, issued
            )

    async def _retold(self, repeated: Iterable[ReceivedFact]) -> list[Outbound]:
        """Tell the issuer again what only the fact's sender still has: the issued values."""
        attached = {r.fact.fact_id: r.attachment for r in repeated if r.attachment}
        if not attached:
            return []
        rows = await self.log.streams({r.fact.stream_id for r in repeated if r.attachment})
        told: list[Outbound] = []
        for event, head in retell(row.decode() for row in rows):
            if issued := attached.get(event.fact.fact_id):
                told += self.publisher.outcome(
                    head.card, event.sequence, event.recorded_at, event.fact, issued
                )
        return told

    async def _publish_after(self, position: int) -> int:
        """Publish what stands in the log after ``position``; returns the last position.

        So what a writer committed and died of saying is said, and a topic that was lost is filled.
        """
        while rows := await self.log.after(position):
            positions = {(row.stream_id, row.sequence): row.position for row in rows}
            streams = await self.log.streams({row.stream_id for row in rows})
            messages: list[Outbound] = []
            for event, head in retell(row.decode() for row in streams):
                place = positions.get((event.stream_id, event.sequence))
                if place is not None:
                    kind = kind_of(event.fact.body)
                    messages.append(self.publisher.event(place, event.stream_id, kind, event.body))
                    messages += self.publisher.outcome(
                        head.card, event.sequence, event.recorded_at, event.fact
                    )
            await self.publisher.send(messages)
            position = rows[-1].position
        return position

    def _orders(self, handouts: Iterable[Handout], onward: Mapping[str, str]) -> list[Outbound]:
        made = []
        for handout in handouts:
            card_id = handout.card.card_id
            head = self.book.get(card_id)
            permit = head.permit if head else b""
            made.append(self.publisher.order(handout, permit, onward.get(card_id, "")))
        return made

    def _card(self, card_id: str) -> Card | None:
        head = self.book.get(card_id)
        return head.card if head else None

    def _refusal(self, work: _Sorted, received: ReceivedFact, code: str) -> Unreadable:
        fact = received.fact
        _log.error(
            "a fact of %s was refused", fact.actor, extra={"code": code, "card_id": fact.stream_id}
        )
        source = work.sources[fact.fact_id]
        return Unreadable(source, code, f"{kind_of(fact.body)} by {fact.actor} does not fit")

    def _trace(self, work: _Sorted, began: int) -> dict[str, str]:
        streams = list(work.traces)
        onward = self.tracer.cards("custody append", work.traces.values(), began)
        return dict(zip(streams, onward, strict=True))
