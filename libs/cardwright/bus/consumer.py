"""Reading topics in batches, at least once."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from cardwright.bus.message import Inbound, is_express
from cardwright.bus.pacing import pace_empty_fetches

__all__ = ["Consumer"]

_log = logging.getLogger(__name__)
_MAX_WAIT_MS = 250
_LONGEST_NAP = 0.015
_PACE = 0.1
"""Seconds from one batch without an express message to the next."""


class Consumer:
    """A member of a consumer group that hands out batches and commits when it is told to.

    Membership is static (``instance``): a quick restart takes its partitions back without a
    rebalance, and the embedded broker never frees the partitions of a dynamic member that died.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        group: str,
        instance: str,
        max_records: int = 100,
    ) -> None:
        self._max_records = max_records
        self._committing: asyncio.Task[None] | None = None
        self._done: dict[TopicPartition, int] = {}
        self._uncommitted: set[TopicPartition] = set()
        self._consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            group_id=group,
            group_instance_id=f"{group}.{instance}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_MAX_WAIT_MS,
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=10_000,
            metadata_max_age_ms=10_000,
            max_poll_interval_ms=600_000,
        )
        self._pacer = pace_empty_fetches(self._consumer, _LONGEST_NAP, _MAX_WAIT_MS / 1000)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._settle()
        await self._consumer.stop()

    async def batches(self) -> AsyncIterator[list[Inbound]]:
        """Yield what has come, express lanes first; a batch is committed by :meth:`done`.

        A small batch costs nearly as much as a large one. So when batches follow each other
        closely, one of the batch lane waits for company; an express message ends the waiting.
        """
        not_before = 0.0
        while True:
            batch = await self._read(timeout_ms=1000)
            if not batch:
                continue
            wait = not_before - time.monotonic()
            if wait > 0 and not any(message.express for message in batch):
                batch += await self._more(wait, self._max_records - len(batch))
            not_before = time.monotonic() + _PACE
            # Where an express card passed, what follows of it is waited for with short naps.
            express = any(message.express for message in batch)
            self._pacer.at_ease_until = 0.0 if express else not_before
            batch.sort(key=lambda message: not message.express)
            yield batch

    async def _more(self, seconds: float, limit: int) -> list[Inbound]:
        """Return what comes within ``seconds``, sooner if an express message is among it."""
        if limit < 1:
            return []
        lanes = {each for each in self._consumer.assignment() if is_express(each.topic)}
        if not lanes:
            await asyncio.sleep(seconds)
            return await self._read(limit=limit)
        express = await self._read(*lanes, timeout_ms=seconds * 1000, limit=limit)
        return express + await self._read(limit=max(1, limit - len(express)))

    async def _read(
        self, *partitions: TopicPartition, timeout_ms: float = 0, limit: int | None = None
    ) -> list[Inbound]:
        got = await self._consumer.getmany(
            *partitions, timeout_ms=timeout_ms, max_records=limit or self._max_records
        )
        return list(map(_inbound, itertools.chain.from_iterable(got.values())))

    def done(self, batch: Iterable[Inbound]) -> None:
        """Say that ``batch`` needs no redelivery. The commit runs in the background.

        A lost commit costs a redelivery, never a message: handlers are idempotent.
        """
        for message in batch:
            partition = TopicPartition(message.topic, message.partition)
            # Not the highest ever: a broker that lost its last seconds counts from lower again.
            self._done[partition] = message.offset + 1
            self._uncommitted.add(partition)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit())

    def lag(self) -> int:
        """Return how many records are known to wait, over all partitions of this member."""
        waiting = 0
        for partition in self._consumer.assignment():
            highwater = self._consumer.highwater(partition)
            waiting += max(0, (highwater or 0) - self._done.get(partition, highwater or 0))
        return waiting

    async def _commit(self) -> None:
        while self._uncommitted:
            partitions = self._uncommitted & self._consumer.assignment()
            self._uncommitted.clear()
            if not partitions:
                return
            try:
                await self._consumer.commit({each: self._done[each] for each in partitions})
            except (CommitFailedError, IllegalStateError) as error:
                _log.info("partitions moved before the commit: %s", type(error).__name__)
            except KafkaError as error:
                _log.warning("commit failed, will be redelivered: %s", type(error).__name__)

    async def _settle(self) -> None:
        if self._committing is not None:
            await self._committing


def _inbound(record: ConsumerRecord[bytes, bytes]) -> Inbound:
    return Inbound(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value or b"",
        headers={name: (value or b"").decode("utf-8", "replace") for name, value in record.headers},
    )
