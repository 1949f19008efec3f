"""Reading a topic from given offsets: partitions are assigned by hand, no group.

A projection keeps its own offsets, in the transaction of what it read. So a rebuild is the same
reader from the beginning, and no group membership outlives a killed process.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import UnknownTopicOrPartitionError

from cardwright.bus.message import Inbound
from cardwright.bus.pacing import pace_empty_fetches

__all__ = ["Feed"]

_MAX_WAIT_MS: Final = 250
_LONGEST_NAP: Final = 0.05
_POLL_MS: Final = 500


class Feed:
    """Batches of one topic, all its partitions.

    Args:
        bootstrap: the brokers.
        topic: what to read.
        offsets: where to go on, by partition; others begin at the beginning.
        max_records: of a batch.
    """

    def __init__(
        self, bootstrap: str, topic: str, offsets: Mapping[int, int], max_records: int = 500
    ) -> None:
        self._topic = topic
        self._offsets = offsets
        self._max_records = max_records
        self._bootstrap = bootstrap
        self._partitions: list[TopicPartition] = []
        self._consumer: AIOKafkaConsumer
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            # A consumer that failed to start can't be started again: each attempt has its own.
            self._consumer = _new_consumer(self._bootstrap, self._topic)
            stack.push_async_callback(self._consumer.stop)
            await self._consumer.start()
            await self._assign()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def batches(self) -> AsyncIterator[list[Inbound]]:
        """Yield what has come; an empty batch says that nothing came for a while."""
        while True:
            got = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=self._max_records)
            yield [_inbound(record) for records in got.values() for record in records]

    async def at_end(self) -> bool:
        """Tell whether everything that is in the topic now was handed out."""
        ends = await self._consumer.end_offsets(self._partitions)
        for partition, end in ends.items():
            if await self._consumer.position(partition) < end:
                return False
        return True

    async def rewind(self) -> None:
        """Read everything again."""
        await self._consumer.seek_to_beginning(*self._partitions)

    async def _assign(self) -> None:
        self._partitions = sorted(self._consumer.assignment())
        if not self._partitions:
            raise UnknownTopicOrPartitionError(self._topic)
        for partition in self._partitions:
            if partition.partition in self._offsets:
                self._consumer.seek(partition, self._offsets[partition.partition])


def _new_consumer(bootstrap: str, topic: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        topic,  # without a group, a consumer is given every partition
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        # An offset that the broker does not know: read all again, what is known is dropped.
        auto_offset_reset="earliest",
        fetch_max_wait_ms=_MAX_WAIT_MS,
        metadata_max_age_ms=10_000,
    )
    pace_empty_fetches(consumer, _LONGEST_NAP, _MAX_WAIT_MS / 1000)
    return consumer


def _inbound(record: ConsumerRecord[bytes, bytes]) -> Inbound:
    return Inbound(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value or b"",
        headers={name: value.decode("utf-8", "replace") for name, value in record.headers},
    )
