"""Produces requests and reads outcomes: what an issuer's system does all day.

Outcomes come at least once: those with the same (card id, sequence) tell the same, but one of them
may bring issued values that the other lacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from google.protobuf.message import DecodeError
from joserfc.jwk import ECKey

from cardwright.bus.pacing import pace_empty_fetches
from cardwright.issuer.errors import IssuerKeyError
from cardwright.issuer.message import RequestMessage, Sealer, request_topic
from cardwright.issuer.seal import open_issued_values
from cardwright.proto.outcome.v1.outcome_pb2 import Outcome
from cardwright.secret import SecretBytes

__all__ = ["IssuerClient", "ReceivedOutcome"]

_IN_FLIGHT = 500  # requests sent and not yet acknowledged
_LONGEST_NAP = 0.05  # seconds after an empty fetch


@dataclass(frozen=True, slots=True)
class ReceivedOutcome:
    """One outcome.

    Attributes:
        outcome: as received.
        issued_values: what the bureau allocated, as JSON; None if the outcome brings nothing, or
            the client has no decryption key.
    """

    outcome: Outcome
    issued_values: SecretBytes | None


class IssuerClient:
    """An issuer's connection to the bureau's Kafka.

    Args:
        bootstrap: Kafka bootstrap servers.
        issuer: the registered name.
        signing_key: the issuer's private P-256 key.
        bureau_key: the bureau's public P-256 key, with its ``kid``.
        decryption_key: opens issued values; without it they stay sealed.
    """

    def __init__(
        self,
        bootstrap: str,
        issuer: str,
        signing_key: ECKey,
        bureau_key: ECKey,
        decryption_key: ECKey | None = None,
    ) -> None:
        self.sealer = Sealer(issuer, signing_key, bureau_key)
        self._bootstrap = bootstrap
        self._decryption_key = decryption_key
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"issuer-{self.sealer.issuer}",
            enable_idempotence=True,
            acks="all",
            linger_ms=5,
            max_request_size=1_048_576,
        )
        try:
            await producer.start()
        except KafkaError:
            await producer.stop()
            raise
        self._producer = producer
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def submit(self, messages: Iterable[RequestMessage]) -> int:
        """Produce ``messages`` and wait until the broker has them all; return how many.

        ``messages`` may be a generator over a long file: at most 500 are in flight.

        Raises:
            aiokafka.errors.KafkaError: The broker did not take one. Requests before it may have
                arrived: sending those ids again is answered REQUEST_DUPLICATE.
        """
        if self._producer is None:
            raise RuntimeError("Enter the client with `async with` before it sends")
        count = 0
        pending: list[asyncio.Future[object]] = []
        for message in messages:
            headers = [(name, value.encode()) for name, value in message.headers.items()]
            pending.append(
                await self._producer.send(
                    request_topic(self.sealer.issuer), message.value, message.key, headers=headers
                )
            )
            count += 1
            if len(pending) >= _IN_FLIGHT:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
        return count

    async def outcomes(self, group: str | None = None) -> AsyncGenerator[ReceivedOutcome]:
        """Yield outcomes from the oldest that is kept, and then as they come, without end.

        Args:
            group: consumer group that remembers how far it has read; None reads from the start.
                An outcome is remembered as read once the next batch is asked for.
        """
        consumer = AIOKafkaConsumer(
            f"outcomes.{self.sealer.issuer}",
            bootstrap_servers=self._bootstrap,
            client_id=f"issuer-{self.sealer.issuer}",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        pace_empty_fetches(consumer, _LONGEST_NAP, held_open=0.5)
        await consumer.start()
        try:
            while True:
                batches = await consumer.getmany(timeout_ms=500)
                for records in batches.values():
                    for record in records:
                        yield self._received(record.value or b"")
                if group is not None and batches:
                    await consumer.commit()
        finally:
            await consumer.stop()

    def _received(self, value: bytes) -> ReceivedOutcome:
        try:
            outcome = Outcome.FromString(value)
        except DecodeError:
            raise IssuerKeyError(
                "ENVELOPE_MALFORMED", "An outcome is no protobuf Outcome; tell the bureau"
            ) from None
        if not outcome.issued_values or self._decryption_key is None:
            return ReceivedOutcome(outcome, None)
        return ReceivedOutcome(
            outcome, open_issued_values(outcome.issued_values, self._decryption_key)
        )
