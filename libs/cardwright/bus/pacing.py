"""A nap after an empty fetch, for brokers that do not hold an empty fetch open.

Kafka answers a fetch when there is data or when ``fetch.max.wait.ms`` is over. The embedded broker
answers an empty fetch at once, and aiokafka asks again at once: an idle consumer would burn most
of a core. The nap grows while nothing comes and is gone with the first record. A consumer that
would not hand out what came anyway is in no hurry, and naps for longer.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest

__all__ = ["Pacer", "pace_empty_fetches"]

_SHORTEST = 0.001
_GROWTH = 1.2  # slow: where a card passed, its next fact often follows within 50 ms
_AT_EASE = 0.03


@dataclass(slots=True)
class Pacer:
    """How a consumer's fetches are paced. Until ``at_ease_until`` it is in no hurry."""

    nap: float = _SHORTEST
    at_ease_until: float = 0.0

    async def rest(self, longest: float) -> None:
        """Nap, and grow the next nap."""
        at_ease = min(_AT_EASE, self.at_ease_until - time.monotonic())
        await asyncio.sleep(max(self.nap, at_ease))
        self.nap = min(self.nap * _GROWTH, longest)


def pace_empty_fetches(consumer: AIOKafkaConsumer, longest: float, held_open: float) -> Pacer:
    """Make ``consumer`` nap up to ``longest`` seconds after an empty fetch that came back early.

    ``held_open`` is the time (seconds) for which a true Kafka would have held the fetch: an answer
    that took half of it needs no nap. aiokafka offers no hook for this, so its client's ``send`` is
    wrapped; the test of this module fails if an upgrade takes that away.
    """
    client = consumer._client  # noqa: SLF001 - see above
    send = client.send
    pacer = Pacer()

    async def paced(node_id: int, request: Any, **options: Any) -> Any:
        began = time.monotonic()
        response = await send(node_id, request, **options)
        if not isinstance(request, FetchRequest):
            return response
        if any(partition[-1] for _, partitions in response.topics for partition in partitions):
            pacer.nap = _SHORTEST
        elif time.monotonic() - began < held_open / 2:
            await pacer.rest(longest)
        return response

    client.send = paced
    return pacer
