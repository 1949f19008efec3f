"""Where an auditor reads: the log in Postgres, the topic ``events``; and the audit over both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Protocol

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from cardwright.audit.compare import Item, item_of
from cardwright.audit.copy import AuditRow
from cardwright.audit.findings import Report
from cardwright.audit.verify import Audit, Items
from cardwright.bus.topics import EVENTS
from cardwright.secret import SecretText

__all__ = ["EventsTopic", "PostgresLog", "Source", "SourceError", "audit"]

_PAGE: Final = 2_000
_POLL_MS: Final = 1_000
_SELECT: Final = "SELECT position, stream_id::text, sequence, kind, hash, body FROM event"


class SourceError(Exception):
    """A copy cannot be read. TOPIC_MISSING."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Source(Protocol):
    """One copy of the log. It may be read again, wholly or for a few streams."""

    def rows(self, stream_ids: set[str] | None = None) -> AsyncIterator[AuditRow]:
        """Yield the events in the copy's order; of these streams, or of all."""


class PostgresLog:
    """The log itself, by a role that only reads (``cw_auditor``) and a server-side cursor."""

    def __init__(self, dsn: SecretText) -> None:
        self._dsn = dsn

    async def rows(self, stream_ids: set[str] | None = None) -> AsyncIterator[AuditRow]:
        """Yield the rows in the order of their positions, as of one moment."""
        db = await asyncpg.connect(self._dsn.reveal())
        try:
            async with db.transaction(isolation="repeatable_read", readonly=True):
                of = "" if stream_ids is None else " WHERE stream_id = ANY($1::uuid[])"
                arguments = [] if stream_ids is None else [list(stream_ids)]
                query = f"{_SELECT}{of} ORDER BY position"
                async for row in db.cursor(query, *arguments, prefetch=_PAGE):
                    yield AuditRow(*row)
        finally:
            await db.close()


class EventsTopic:
    """The published copy: all partitions, from the beginning to where they end at the start."""

    def __init__(self, bootstrap: str, topic: str = EVENTS) -> None:
        self._bootstrap = bootstrap
        self._topic = topic

    async def rows(self, stream_ids: set[str] | None = None) -> AsyncIterator[AuditRow]:
        """Yield the messages, those of a stream in the order of its partition.

        Raises:
            SourceError: TOPIC_MISSING.
        """
        await self._require_topic()
        consumer = AIOKafkaConsumer(
            self._topic,  # without a group, a consumer is given every partition
            bootstrap_servers=self._bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            async for record in self._to_the_end(consumer):
                row = _row_of(record)
                if stream_ids is None or row.stream_id in stream_ids:
                    yield row
        finally:
            await consumer.stop()

    async def _require_topic(self) -> None:
        """Look before subscribing: brokers may create a topic that a consumer asks for."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            known = await admin.list_topics()
        finally:
            await admin.close()
        if self._topic not in known:
            raise SourceError("TOPIC_MISSING", f"The broker has no topic {self._topic}.")

    async def _to_the_end(
        self, consumer: AIOKafkaConsumer
    ) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
        partitions = sorted(consumer.assignment())
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        open_ends = {part: end for part, end in ends.items() if begins[part] < end}
        while open_ends:
            got = await consumer.getmany(*open_ends, timeout_ms=_POLL_MS, max_records=_PAGE)
            for partition, records in got.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
                if await consumer.position(partition) >= ends[partition]:
                    del open_ends[partition]


async def audit(
    log: Source,
    published: Source | None,
    public_keys: Mapping[str, bytes],
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Verify the log and, if given, the published copy, while both go on growing.

    Args:
        log: the log.
        published: the topic; None to verify the log by itself.
        public_keys: signer key id to 32-octet Ed25519 public key.
        progress: told the number of events read, now and then.
    """
    work = Audit(public_keys, compares=published is not None)
    async for row in log.rows():
        work.log.take(row)
        if work.log.events % _PAGE == 0:
            progress(work.log.events)
    if published is None or work.published is None:
        return work.conclude({}, {})
    async for row in published.rows():
        work.published.take(row)
        if work.published.events % _PAGE == 0:
            progress(work.log.events + work.published.events)
    suspects = work.suspects()
    if not suspects:
        return work.conclude({}, {})
    # First the topic, then the log: what is published by now, the log has by then.
    told = await _collect(published, suspects)
    return work.conclude(await _collect(log, suspects), told)


async def _collect(source: Source, stream_ids: set[str]) -> Items:
    items: defaultdict[str, list[Item]] = defaultdict(list)
    async for row in source.rows(stream_ids):
        items[row.stream_id].append(item_of(row))
    return items


def _row_of(record: ConsumerRecord[bytes, bytes]) -> AuditRow:
    position = dict(record.headers).get("cwposition", b"")
    return AuditRow(
        position=int(position) if position.isdigit() else 0,
        stream_id=(record.key or b"").decode("utf-8", "replace"),
        sequence=0,
        kind="",
        hash=b"",
        body=record.value or b"",
    )
