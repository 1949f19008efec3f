from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.protocol import fetch
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest

from cardwright.bus import pacing
from cardwright.bus.pacing import pace_empty_fetches

FETCH = FetchRequest(250, 1, 1000, 0, [])
OTHER = MetadataRequest([])


def response(records: bytes) -> SimpleNamespace:
    return SimpleNamespace(topics=[("t", [(0, 0, 5, 5, None, records)])])


class Client:
    """Answers at once, as the embedded broker does, or after ``held`` seconds, as Kafka does."""

    def __init__(self, clock: Clock, records: bytes = b"", held: float = 0.0) -> None:
        self.clock, self.records, self.held = clock, records, held

    async def send(self, node: int, request: Any) -> Any:
        del node, request
        self.clock.now += self.held
        return response(self.records)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pacing, "time", made)
    monkeypatch.setattr(pacing, "asyncio", made)
    return made


def paced(client: Client) -> Client:
    pace_empty_fetches(SimpleNamespace(_client=client), 0.015, 0.25)
    return client


async def ask(client: Client, requests: Sequence[Any]) -> None:
    for request in requests:
        await client.send(0, request)


async def test_naps_grow_while_nothing_comes_and_end_with_a_record(clock: Clock) -> None:
    client = paced(Client(clock))
    await ask(client, [FETCH] * 20)
    assert clock.naps[0] == 0.001
    assert clock.naps == sorted(clock.naps)
    assert clock.naps[-1] == 0.015
    client.records = b"records"
    await ask(client, [FETCH])
    client.records = b""
    await ask(client, [FETCH])
    assert len(clock.naps) == 21
    assert clock.naps[-1] == 0.001


async def test_a_fetch_that_was_held_open_needs_no_nap(clock: Clock) -> None:
    await ask(paced(Client(clock, held=0.25)), [FETCH] * 3)
    assert clock.naps == []


async def test_other_requests_are_left_alone(clock: Clock) -> None:
    await ask(paced(Client(clock)), [OTHER] * 3)
    assert clock.naps == []


async def test_aiokafka_still_has_what_is_wrapped() -> None:
    """Fails when an upgrade moves the client or its ``send``, or changes a fetch's answer."""
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    before = consumer._client.send
    assert asyncio.iscoroutinefunction(before)
    pace_empty_fetches(consumer, 0.015, 0.25)
    assert consumer._client.send is not before
    await consumer.stop()
    # The records are a partition's last field, in every version of the answer.
    versions: dict[str, Any] = vars(fetch)
    for name, made in versions.items():
        if name.startswith("FetchResponse_v"):
            partition = made.SCHEMA.fields[-1].array_of.fields[-1].array_of
            assert partition.names[-1] == "message_set", name
