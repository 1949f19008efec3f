"""Verifying the log, and the published copy against it. Pure; memory is a head a stream.

What is checked of every event: its bytes against its hash, its columns against its content, its
link to the event before it, its signature, that its fact is about its own stream, and that
custody's rules let it follow. Of the log: that its positions are dense. Of both copies: that every
stream is the same in both, byte for byte and at the same positions. The last event of a chain fixes
all of it, so comparing heads is enough; only streams that differ are looked at a second time.

What is not seen: a tail that was cut from both copies alike leaves two shorter logs that are
perfect. Until signed checkpoints are kept by somebody else, nothing in the copies tells of it. Nor
does verification prove that facts are true: reconcile the stock (`cardwright.audit.stock`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain

from cardwright.audit.compare import Item, compare, compare_places, item_of, without_redeliveries
from cardwright.audit.copy import AuditRow, CopyCheck, Head
from cardwright.audit.findings import Code, Copy, Finding, Report
from cardwright.custody.statement import SignatureVerifier

__all__ = ["Audit", "Items", "collect", "verify"]

Items = Mapping[str, Sequence[Item]]


class Audit:
    """An audit in steps: take all rows, look again at the suspects, conclude.

    Args:
        public_keys: signer key id to 32-octet Ed25519 public key.
        compares: whether the published copy is taken too.
    """

    def __init__(self, public_keys: Mapping[str, bytes], *, compares: bool) -> None:
        verifier = SignatureVerifier(public_keys)
        self.log = CopyCheck(Copy.LOG, verifier, redelivers=False)
        self.published = CopyCheck(Copy.EVENTS, verifier, redelivers=True) if compares else None

    def suspects(self) -> set[str]:
        """Name the streams whose copies must be looked at again, side by side."""
        if self.published is None:
            return set()
        log, told = self.log.heads, self.published.heads
        return {
            stream_id
            for stream_id in log.keys() | told.keys()
            if not _clean(log.get(stream_id), told.get(stream_id))
        }

    def conclude(self, log: Items, published: Items) -> Report:
        """Name what is wrong.

        Args:
            log: the suspects' events in the log, read after ``published`` was: a log goes on.
            published: the suspects' events in the topic.
        """
        differs = partial(self._finding, log=log, published=published)
        findings = self._each(self._streams(), differs)
        findings += self._unexplained(findings)
        if not findings:
            # Of use alone when nothing is gone or new: that moves everything behind it.
            findings = self._each(
                self.suspects(), partial(self._moved, log=log, published=published)
            )
        findings.sort(key=lambda finding: finding.position or self.log.last_position + 1)
        return Report(
            events=self.log.events,
            streams=len(self.log.heads),
            published=self.published.events if self.published is not None else None,
            findings=tuple(findings),
        )

    def _each(
        self, stream_ids: Iterable[str], find: Callable[[str], Finding | None]
    ) -> list[Finding]:
        return [found for stream_id in stream_ids if (found := find(stream_id)) is not None]

    def _moved(self, stream_id: str, log: Items, published: Items) -> Finding | None:
        told = without_redeliveries(published.get(stream_id, ()))
        return compare_places(stream_id, log.get(stream_id, ()), told)

    def _streams(self) -> set[str]:
        broken = {stream_id for stream_id, head in self.log.heads.items() if head.finding}
        return broken | self.suspects()

    def _finding(self, stream_id: str, log: Items, published: Items) -> Finding | None:
        own = _finding_of(self.log, stream_id)
        if self.published is None:
            return own
        told = _finding_of(self.published, stream_id)
        blame = Copy.EITHER
        if (own is None) != (told is None):
            blame = Copy.LOG if told is None else Copy.EVENTS
        items = without_redeliveries(published.get(stream_id, ()))
        logged = self._settled(log.get(stream_id, ()), len(items))
        difference = compare(stream_id, logged, items, blame, self.log.missing)
        alone = own or told
        if difference is None or alone is None:
            return difference or alone
        # Where the copies differ is exact; a broken link names a neighbour of the change.
        of_both = alone.code in (Code.SIGNATURE, Code.REFUSED)
        return alone if of_both and alone.sequence < difference.sequence else difference

    def _settled(self, items: Sequence[Item], published: int) -> list[Item]:
        """Leave out what was appended since the audit began and may not be published yet."""
        kept = list(items)
        while len(kept) > published and kept[-1].position > self.log.last_position:
            kept.pop()
        return kept

    def _unexplained(self, findings: Iterable[Finding]) -> list[Finding]:
        """Find positions that are missing although no stream misses an event."""
        count = sum(map(len, self.log.missing))
        dropped = [f for f in findings if f.code is Code.DROPPED and f.where is Copy.LOG]
        if count <= len(dropped):
            return []
        known = {finding.position for finding in dropped}
        every = chain.from_iterable(self.log.missing)
        first = next(position for position in every if position not in known)
        what = f"{count} positions of the log have no event, this one in neither copy"
        return [Finding(Code.DROPPED, Copy.LOG, "", 0, first, what)]


def verify(
    log: Iterable[AuditRow],
    published: Iterable[AuditRow] | None,
    public_keys: Mapping[str, bytes],
) -> Report:
    """Audit copies that can be iterated twice: lists, or an exported folder.

    Args:
        log: rows in the order of the log.
        published: messages of the topic, a stream's in the order of its partition; None to verify
            the log by itself.
        public_keys: signer key id to 32-octet Ed25519 public key.
    """
    audit = Audit(public_keys, compares=published is not None)
    for row in log:
        audit.log.take(row)
    if published is None or audit.published is None:
        return audit.conclude({}, {})
    for row in published:
        audit.published.take(row)
    suspects = audit.suspects()
    return audit.conclude(collect(log, suspects), collect(published, suspects))


def collect(rows: Iterable[AuditRow], stream_ids: set[str]) -> Items:
    """Reduce the events of a few streams to what is compared."""
    items: defaultdict[str, list[Item]] = defaultdict(list)
    for row in rows:
        if row.stream_id in stream_ids:
            items[row.stream_id].append(item_of(row))
    return items


def _clean(log: Head | None, told: Head | None) -> bool:
    if log is None or told is None:
        return False
    return log.same(told) and not (log.finding or told.finding or told.again)


def _finding_of(check: CopyCheck, stream_id: str) -> Finding | None:
    head = check.heads.get(stream_id)
    return head.finding if head is not None else None
