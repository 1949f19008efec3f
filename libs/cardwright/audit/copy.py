"""One copy of the log, read once: every event checked against itself and the one before it.

Memory is flat: a head a stream. The log comes in the order of its positions, the published copy in
the order of its partitions; in both, a stream's own events are in sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256

from cardwright.audit.findings import Code, Copy, Finding
from cardwright.card import Accept, Card, Fact, Permit, apply, judge, kind_of, next_step
from cardwright.card.events import DispatchPermitted, Parked
from cardwright.custody.errors import SignatureError
from cardwright.custody.merkle import leaf_hash
from cardwright.custody.statement import SignatureVerifier
from cardwright.eventlog.codec import CodecError, LoggedEvent, decode_event

__all__ = ["AuditRow", "CopyCheck", "Head"]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An event of either copy. The published copy has no columns: its message is the event alone.

    Attributes:
        position: in the log; 0 if the message named none.
        stream_id: the row's column, or the message's key.
        sequence: the row's column; 0 in the published copy.
        kind: the row's column; empty in the published copy.
        hash: the row's column; empty in the published copy.
        body: the event.
    """

    position: int
    stream_id: str
    sequence: int
    kind: str
    hash: bytes
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Head:
    """Where a stream stands in one copy.

    ``places`` digests the positions of its events, in order; ``again`` says that an event came
    more than once, which only a second look can tell from an addition.
    """

    card: Card | None
    sequence: int = 0
    hash: bytes = b""
    places: bytes = b""
    again: bool = False
    finding: Finding | None = None

    def same(self, other: Head) -> bool:
        """Two chains with the same last hash are the same chain, all the way down."""
        mine = (self.sequence, self.hash, self.places)
        return mine == (other.sequence, other.hash, other.places)


class CopyCheck:
    """Takes the events of one copy, one by one, and keeps what is wrong with each stream first.

    Args:
        where: which copy it is.
        verifier: the signers' public keys.
        redelivers: whether an event may come again, as on a topic.
    """

    def __init__(self, where: Copy, verifier: SignatureVerifier, *, redelivers: bool) -> None:
        self._where = where
        self._verifier = verifier
        self._redelivers = redelivers
        self.heads: dict[str, Head] = {}
        self.events = 0
        self.last_position = 0
        self.missing: list[range] = []
        """Positions that no row has; only of use for a copy in the order of the log."""

    def take(self, row: AuditRow) -> None:
        """Check the next event."""
        self.events += 1
        taken = not self._redelivers and row.position <= self.last_position
        if row.position > self.last_position + 1:
            self.missing.append(range(self.last_position + 1, row.position))
        self.last_position = max(self.last_position, row.position)
        try:
            event = decode_event(row.body)
        except CodecError as error:
            head = self._head(row.stream_id)
            sequence = row.sequence or head.sequence + 1
            self._find(head, row, Code.EDITED, sequence, error.code)
            return
        row = self._in_its_place(row, event)
        head = self._head(row.stream_id)
        if taken:
            self._find(head, row, Code.ADDED, row.sequence, "another event has its position")
        self._alone(row, head, event)
        self._follow(row, head, event)

    def _head(self, stream_id: str) -> Head:
        return self.heads.setdefault(stream_id, Head(None))

    def _in_its_place(self, row: AuditRow, event: LoggedEvent) -> AuditRow:
        """Return the row under the name by which it continues its stream.

        Where columns and event disagree, one of the two was changed: what continues is the other.
        """
        said = replace(row, sequence=row.sequence or event.sequence)
        if (said.stream_id, said.sequence) == (event.stream_id, event.sequence):
            return said
        what = "the event is not the one that is named beside it"
        if self._head(said.stream_id).sequence + 1 != said.sequence:
            said = replace(said, stream_id=event.stream_id, sequence=event.sequence)
        self._find(self._head(said.stream_id), said, Code.EDITED, said.sequence, what)
        return said

    def _alone(self, row: AuditRow, head: Head, event: LoggedEvent) -> None:
        """Check an event against itself."""
        kind = kind_of(event.fact.body)
        if (row.kind or kind) != kind or (row.hash or event.hash) != event.hash:
            what = "the event is not of the kind or hash that is noted beside it"
            self._find(head, row, Code.EDITED, row.sequence, what)
        elif event.fact.stream_id != row.stream_id:
            self._find(head, row, Code.ADDED, row.sequence, "its fact is about another stream")
        elif (wrong := self._signature(event)) is not None:
            self._find(head, row, Code.SIGNATURE, row.sequence, wrong)

    def _signature(self, event: LoggedEvent) -> str | None:
        received, fact = event.received, event.fact
        if not received.signer.startswith(f"sign/{fact.actor}.{fact.site}#"):
            return f"{fact.actor} did not sign it itself"
        try:
            self._verifier.check(
                received.signer,
                received.leaf,
                received.leaf_index,
                received.tree_size,
                received.path,
                received.signature,
            )
        except SignatureError as error:
            return error.code
        return None

    def _follow(self, row: AuditRow, head: Head, event: LoggedEvent) -> None:
        """Check an event against the one before it, and go on from it."""
        sequence = row.sequence
        if sequence <= head.sequence:
            self._repeated(row, head, sequence)
            return
        if sequence > head.sequence + 1:
            gap = f"it is missing before event {sequence}"
            self._find(head, row, Code.DROPPED, head.sequence + 1, gap)
        elif event.previous_hash != head.hash:
            changed = max(head.sequence, 1)
            link = f"event {sequence} names another predecessor: one of the two was changed"
            self._find(head, row, Code.EDITED, changed, link)
        elif head.finding is None:
            self._judge(row, head, event.fact, sequence)
        head.sequence, head.hash = sequence, leaf_hash(row.body)
        if row.position:
            head.places = sha256(head.places + row.position.to_bytes(8, "big")).digest()

    def _repeated(self, row: AuditRow, head: Head, sequence: int) -> None:
        head.again = True
        if self._redelivers:
            return
        found = head.finding
        if found is not None and found.code is Code.DROPPED and found.sequence == sequence:
            head.finding = None
            self._find(head, row, Code.REORDERED, sequence, "it stands after a later event")
        else:
            self._find(head, row, Code.ADDED, sequence, "the stream had this event before")

    def _judge(self, row: AuditRow, head: Head, fact: Fact, sequence: int) -> None:
        card = head.card
        if isinstance(fact.body, DispatchPermitted | Parked):
            fits = card is not None and fact.actor == "custody"
            if isinstance(fact.body, DispatchPermitted):
                fits = fits and card is not None and isinstance(next_step(card), Permit)
        else:
            fits = isinstance(judge(card, fact), Accept)
        try:
            after = apply(card or Card(row.stream_id), fact) if fits else None
        except (IndexError, ValueError):
            after = None  # e.g. an operation that its route does not hold
        if after is None:
            what = f"{kind_of(fact.body)} does not fit what came before"
            self._find(head, row, Code.REFUSED, sequence, what)
        else:
            head.card = after

    def _find(self, head: Head, row: AuditRow, code: Code, sequence: int, detail: str) -> None:
        if head.finding is None:
            head.finding = Finding(code, self._where, row.stream_id, sequence, row.position, detail)
