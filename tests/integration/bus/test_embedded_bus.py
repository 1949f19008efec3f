"""The bus on the real embedded broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from cardwright.bus import Consumer, Inbound, Outbound, Producer
from cardwright.bus.message import headers
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.ports import free_port
from cardwright.localstack.topics import FOREVER_MS, TopicSpec, ensure_topics


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker(tmp_path_factory.mktemp("broker"), free_port())
    try:
        in_own_loop(made.start())
        yield made
    finally:
        in_own_loop(made.stop())


@pytest.fixture
async def topics(broker: EmbeddedBroker) -> tuple[str, str]:
    """A topic and its express lane, of this test alone."""
    name = f"orders.{uuid7()}"
    both = (name, f"{name}.express")
    await ensure_topics(broker.bootstrap, [TopicSpec(topic, 2, FOREVER_MS) for topic in both])
    return both


@pytest.fixture
async def producer(broker: EmbeddedBroker) -> AsyncIterator[Producer]:
    async with Producer(broker.bootstrap, client_id="test") as made:
        yield made


def consumer(broker: EmbeddedBroker, topics: tuple[str, str]) -> Consumer:
    return Consumer(broker.bootstrap, topics, group=topics[0], instance="site-1")


async def read(reader: Consumer, count: int) -> list[Inbound]:
    found: list[Inbound] = []
    async with asyncio.timeout(60):
        async for batch in reader.batches():
            found += batch
            if len(found) >= count:
                return found
    raise AssertionError


def messages(topic: str, count: int, key: str = "card") -> list[Outbound]:
    return [Outbound(topic, key, b"%d" % n, headers("t", "s", str(n))) for n in range(count)]


async def test_a_keys_messages_come_in_order_with_their_headers(
    broker: EmbeddedBroker, topics: tuple[str, str], producer: Producer
) -> None:
    await producer.send(messages(topics[0], 300))
    async with consumer(broker, topics) as reader:
        found = await read(reader, 300)
    assert [message.value for message in found] == [b"%d" % n for n in range(300)]
    assert len({message.partition for message in found}) == 1
    assert found[7].headers == {
        "ce_specversion": "1.0",
        "ce_type": "t",
        "ce_source": "s",
        "ce_id": "7",
    }
    assert found[7].key == b"card"


async def test_what_is_not_done_is_delivered_again_and_what_is_done_is_not(
    broker: EmbeddedBroker, topics: tuple[str, str], producer: Producer
) -> None:
    await producer.send(messages(topics[0], 3))
    async with consumer(broker, topics) as reader:
        first = await read(reader, 3)
    async with consumer(broker, topics) as reader:
        again = await read(reader, 3)
        assert [message.offset for message in again] == [message.offset for message in first]
        assert reader.lag() == 0, "nothing was done, so nothing is known"
        reader.done(again[:2])
        assert reader.lag() == 1
    await producer.send(messages(topics[0], 1))
    async with consumer(broker, topics) as reader:
        rest = await read(reader, 2)
        assert [message.value for message in rest] == [b"2", b"0"]
        reader.done(rest)
        reader.done(rest)
        assert reader.lag() == 0
    await producer.send(messages(topics[0], 1, "card"))
    async with consumer(broker, topics) as reader:
        assert len(await read(reader, 1)) == 1


async def test_express_comes_first_within_a_batch(
    broker: EmbeddedBroker, topics: tuple[str, str], producer: Producer
) -> None:
    await producer.send(messages(topics[0], 20))
    await producer.send(messages(topics[1], 1))
    async with consumer(broker, topics) as reader:
        async with asyncio.timeout(60):
            async for batch in reader.batches():
                lanes = [message.express for message in batch]
                assert lanes == sorted(lanes, reverse=True)
                if any(lanes):
                    break


async def test_a_header_without_a_value_and_a_tombstone_are_survived(
    broker: EmbeddedBroker, topics: tuple[str, str], producer: Producer
) -> None:
    """Anyone may produce to an issuer's topic with a client of their own."""
    await (await producer._producer.send(topics[0], value=None, key=b"k", headers=[("x", None)]))
    async with consumer(broker, topics) as reader:
        (message,) = await read(reader, 1)
    assert message.value == b""
    assert message.headers == {"x": ""}


async def test_an_idle_consumer_costs_little(
    broker: EmbeddedBroker, topics: tuple[str, str], producer: Producer
) -> None:
    """The embedded broker answers empty fetches at once: without naps this burns a core."""
    async with consumer(broker, topics) as reader:
        waiting = asyncio.create_task(read(reader, 1))
        await producer.send(messages(topics[0], 1))
        await waiting
        again = asyncio.create_task(read(reader, 1))
        began = time.process_time()
        await asyncio.wait([again], timeout=2.0)
        assert time.process_time() - began < 1.0
        await producer.send(messages(topics[0], 1))
        await again
