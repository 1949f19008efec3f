"""Messages that no handler can use: set aside at once, with an alarm, parking nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from opentelemetry import metrics

from cardwright.bus import Inbound, Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import DEAD_LETTERS
from cardwright.hsm.port import SecurityModule
from cardwright.proto.deadletter.v1 import dead_letter_pb2
from cardwright.secret import SecretBytes

__all__ = ["BlobSealer", "DeadLetters", "Unreadable"]

_log = logging.getLogger(__name__)
_DIGEST_KEY = "digest/dead-letter"
_SECTION = "dead-letter"


class BlobSealer(Protocol):
    """Seals for a section's key holder."""

    def seal_batch(self, section: str, items: Mapping[str, bytes]) -> dict[str, bytes]:
        """Seal each item under its name."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message and why it can't be used; ``detail`` holds nothing of its content."""

    message: Inbound
    code: str
    detail: str


class DeadLetters:
    """Seals and sends dead letters of one service."""

    def __init__(
        self, service: str, producer: Producer, module: SecurityModule, sealer: BlobSealer
    ) -> None:
        self._service = service
        self._producer = producer
        self._module = module
        self._sealer = sealer
        self._count = metrics.get_meter(service).create_counter("cardwright.dead_letters")

    async def bury_orders(self, messages: Iterable[Inbound]) -> None:
        """Set station mail aside that could not be decoded."""
        await self.bury([Unreadable(m, "ORDER_GARBAGE", "no StationMessage") for m in messages])

    async def bury(self, letters: Sequence[Unreadable]) -> None:
        """Seal and send ``letters``; the message key is their place, never their own key."""
        if not letters:
            return
        places = [
            f"{le.message.topic}/{le.message.partition}/{le.message.offset}" for le in letters
        ]
        sealed = self._sealer.seal_batch(
            _SECTION, {p: le.message.value for p, le in zip(places, letters, strict=True)}
        )
        digests = await self._module.digest(
            _DIGEST_KEY, [SecretBytes(letter.message.value) for letter in letters]
        )
        await self._producer.send(
            [
                self._letter(place, letter, sealed[place], digest)
                for place, letter, digest in zip(places, letters, digests, strict=True)
            ]
        )

    def _letter(self, place: str, letter: Unreadable, sealed: bytes, digest: bytes) -> Outbound:
        _log.error("dead letter from %s: %s", place, letter.code, extra={"code": letter.code})
        self._count.add(1, {"code": letter.code})
        message = letter.message
        body = dead_letter_pb2.DeadLetter(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            service=self._service,
            code=letter.code,
            detail=letter.detail,
            length=len(message.value),
            at=datetime.now(UTC),
            sealed=sealed,
            digest=digest,
        )
        kind = headers("cardwright.deadletter.v1", self._service, place)
        return Outbound(DEAD_LETTERS, place, body.SerializeToString(), kind)
