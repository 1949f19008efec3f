"""Sending batches; each message is on the broker when the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from cardwright.bus.message import Outbound

__all__ = ["Producer"]


class Producer:
    """An idempotent producer: acks from all replicas, retries without duplicates."""

    def __init__(self, bootstrap: str, *, client_id: str, linger_ms: int = 0) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=linger_ms,
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

        Raises:
            aiokafka.errors.KafkaError: At least one did not get through; send them all again.
        """
        sent = [
            await self._producer.send(
                message.topic,
                key=message.key.encode(),
                value=message.value,
                headers=list(message.headers),
            )
            for message in messages
        ]
        if sent:
            await asyncio.gather(*sent)
