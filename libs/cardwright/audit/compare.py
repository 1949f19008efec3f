"""Two copies of one stream, side by side: which event was edited, dropped, moved or added first.

Events are matched by the signed fact that they hold, so that a history that was chained anew
behind a change still shows where the change is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cardwright.audit.copy import AuditRow
from cardwright.audit.findings import Code, Copy, Finding
from cardwright.custody.merkle import leaf_hash
from cardwright.eventlog.codec import CodecError, decode_event

__all__ = ["Item", "compare", "compare_places", "item_of", "without_redeliveries"]


@dataclass(frozen=True, slots=True)
class Item:
    """An event of a stream, as far as comparing needs it."""

    position: int
    sequence: int
    hash: bytes
    fact: bytes


def item_of(row: AuditRow) -> Item:
    """Reduce an event to what is compared; what cannot be read matches nothing but itself."""
    made = leaf_hash(row.body)
    try:
        event = decode_event(row.body)
    except CodecError:
        return Item(row.position, row.sequence, made, made)
    return Item(row.position, row.sequence or event.sequence, made, event.received.leaf)


def without_redeliveries(items: Iterable[Item]) -> list[Item]:
    """Keep the first delivery of each event; another event under the same number is kept."""
    first: dict[bytes, Item] = {}
    for item in items:
        first.setdefault(item.hash, item)
    return list(first.values())


def compare(
    stream_id: str,
    log: Sequence[Item],
    published: Sequence[Item],
    blame: Copy,
    missing: Iterable[range] = (),
) -> Finding | None:
    """Name the first difference in what the copies hold, and in which order.

    Args:
        stream_id: the stream.
        log: its events in the order of the log.
        published: its events in the order of the topic, without redeliveries.
        blame: the copy that is inconsistent in itself, if one is.
        missing: positions that no row of the log has: what stood there was dropped.
    """
    index = next(
        (i for i, (a, b) in enumerate(zip(log, published, strict=False)) if a.hash != b.hash),
        min(len(log), len(published)),
    )
    here = log[index] if index < len(log) else None
    there = published[index] if index < len(published) else None
    difference = _Difference(stream_id, blame, list(missing))
    if here is not None and here.fact in {item.fact for item in log[:index]}:
        return difference.found(Code.ADDED, here, "the stream had this fact before", Copy.LOG)
    if there is not None and there.fact in {item.fact for item in published[:index]}:
        return difference.found(Code.ADDED, there, "the stream had this fact before", Copy.EVENTS)
    if here is not None and (there is None or there.fact in {item.fact for item in log}):
        if there is None or here.fact not in {item.fact for item in published}:
            return difference.only_in_log(here)
        if here.fact == there.fact:
            what = "the copies hold the same fact in different events"
            return difference.found(Code.EDITED, difference.trusted(here, there), what)
        moved = _moved(here, there, log, published)
        return difference.found(Code.REORDERED, moved, "the copies hold it in different places")
    if there is None:
        return None
    if here is None or here.fact in {item.fact for item in published}:
        return difference.only_published(there)
    return difference.found(
        Code.EDITED, difference.trusted(here, there), "the copies hold different facts"
    )


def compare_places(
    stream_id: str, log: Iterable[Item], published: Iterable[Item]
) -> Finding | None:
    """Name the first event that was published at another position than it has in the log."""
    for here, there in zip(log, published, strict=False):
        if there.position and here.position != there.position:
            what = f"it was published at position {there.position}"
            return Finding(Code.REORDERED, Copy.LOG, stream_id, here.sequence, here.position, what)
    return None


def _moved(here: Item, there: Item, log: Sequence[Item], published: Sequence[Item]) -> Item:
    """Of two events that swapped their order, return the one that left its position."""
    told = {item.fact: item.position for item in published}
    logged = {item.fact: item.position for item in log}
    pair = sorted((here, there), key=lambda item: item.sequence)
    return next((item for item in pair if logged[item.fact] != told[item.fact]), pair[0])


@dataclass(frozen=True, slots=True)
class _Difference:
    """What to call a difference, knowing which copy is inconsistent in itself."""

    stream_id: str
    blame: Copy
    missing: list[range]

    def found(self, code: Code, item: Item, detail: str, where: Copy | None = None) -> Finding:
        return Finding(
            code, where or self.blame, self.stream_id, item.sequence, item.position, detail
        )

    def trusted(self, here: Item, there: Item) -> Item:
        return here if self.blame is Copy.EVENTS else there

    def only_in_log(self, item: Item) -> Finding:
        if self.blame is Copy.LOG:
            return self.found(Code.ADDED, item, "it was never published")
        if self.blame is Copy.EVENTS:
            return self.found(Code.DROPPED, item, "the log has it")
        return self.found(Code.NOT_PUBLISHED, item, "added to the log, or cut from the topic")

    def only_published(self, item: Item) -> Finding:
        gap = any(item.position in positions for positions in self.missing)
        if self.blame is Copy.LOG or gap:
            return self.found(Code.DROPPED, item, "it was published", Copy.LOG)
        if self.blame is Copy.EVENTS:
            return self.found(Code.ADDED, item, "the log never had it")
        return self.found(Code.NOT_IN_LOG, item, "cut from the log, or added to the topic")
