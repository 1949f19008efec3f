"""Sending batches; each message is on the broker when the call returns."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from cardwright.bus.message import Outbound

__all__ = ["Producer"]

_BATCH_OCTETS = 256 * 1024


class Producer:
    """Sends at least once, in order: acks from all replicas, one request in flight a broker.

    Not Kafka's idempotent producer: its sequence numbers don't outlive a batch that expired, nor a
    broker that lost its last seconds. From then on each send to that partition fails, or is taken
    for a duplicate. Every reader here drops what it has seen, so a repetition costs nothing.
    """

    def __init__(self, bootstrap: str, *, client_id: str, linger_ms: int = 0) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=client_id,
            acks="all",
            linger_ms=linger_ms,
            max_batch_size=_BATCH_OCTETS,
            max_request_size=2_000_000,
            request_timeout_ms=15_000,
        )

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def send(self, messages: Iterable[Outbound]) -> None:
        """Send all and wait for the broker's word on each.

        Messages of one key keep their order. They are put together here, partition by partition:
        the client's own queue costs several times as much a message.

        Raises:
            aiokafka.errors.KafkaError: At least one did not get through; send them all again.
        """
        by_partition: defaultdict[tuple[str, int], list[Outbound]] = defaultdict(list)
        for message in messages:
            count = await self._partitions(message.topic)
            by_partition[message.topic, _partition(message.key, count)].append(message)
        sent: list[Awaitable[Any]] = []
        for (topic, partition), own in by_partition.items():
            sent += await self._send(topic, partition, own)
        if sent:
            await asyncio.gather(*sent)

    async def _partitions(self, topic: str) -> int:
        known = self._producer.client.cluster.partitions_for_topic(topic)
        return len(known or await self._producer.partitions_for(topic))

    async def _send(
        self, topic: str, partition: int, messages: Sequence[Outbound]
    ) -> list[Awaitable[Any]]:
        sent, batch = [], self._producer.create_batch()
        for message in messages:
            if not _append(batch, message):
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
                _append(batch, message)  # a batch takes its first message whatever its length
        sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        return sent


def _append(batch: Any, message: Outbound) -> bool:
    made = batch.append(
        timestamp=None,
        key=message.key.encode(),
        value=message.value,
        headers=list(message.headers),
    )
    return made is not None


@lru_cache(maxsize=8192)
def _partition(key: str, count: int) -> int:
    """Choose as Kafka's own clients do; a card's many messages ask for the same."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % count)
