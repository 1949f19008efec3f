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

__all__ = ["Item", "compare", "item_of", "without_redeliveries"]


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
    return list({item.hash: item for item in reversed(list(items))}.values())[::-1]


def compare(
    stream_id: str,
    log: Sequence[Item],
    published: Sequence[Item],
    blame: Copy,
    missing: Sequence[range] = (),
) -> Finding | None:
    """Name the first difference.

    Args:
        stream_id: the stream.
        log: its events in the order of the log.
        published: its events in the order of the topic, without redeliveries.
        blame: the copy that is inconsistent in itself, if one is.
        missing: positions that no row of the log has: what stood there was dropped.
    """
    logged = {item.fact for item in log}
    told = {item.fact for item in published}

    def found(code: Code, item: Item, detail: str, where: Copy = blame) -> Finding:
        return Finding(code, where, stream_id, item.sequence, item.position, detail)

    for here, there in zip(log, published, strict=False):
        if here.hash == there.hash:
            if there.position and here.position != there.position:
                what = f"published at position {there.position}"
                return found(Code.REORDERED, here, what, Copy.LOG)
            continue
        if here.fact == there.fact:
            return found(Code.EDITED, here, "the copies hold the same fact in different events")
        moved = here.fact in told and there.fact in logged
        if moved:
            return found(Code.REORDERED, there, "the copies have these events in another order")
        if there.fact in logged:
            return _only_in_log(found, here, blame)
        if here.fact in told:
            return _only_published(found, there, blame, missing)
        return found(Code.EDITED, here, "the copies hold different facts")
    if len(log) > len(published):
        return _only_in_log(found, log[len(published)], blame, at_end=True)
    if len(published) > len(log):
        return _only_published(found, published[len(log)], blame, missing, at_end=True)
    return None
