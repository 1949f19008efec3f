from __future__ import annotations

import asyncio
import signal
import socket
import uuid
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import UnknownTopicOrPartitionError

from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.broker_kafka import KafkaBroker
from cardwright.localstack.choose import state_dir
from cardwright.localstack.errors import (
    PortInUseError,
    TopicDiffersError,
    TopicRefusedError,
)
from cardwright.localstack.ports import free_port
from cardwright.localstack.topics import FOREVER_MS, TopicSpec, ensure_topics

Broker = EmbeddedBroker | KafkaBroker
VALUES = [f"order {number}".encode() for number in range(50)]


@pytest.fixture
def orders() -> TopicSpec:
    return TopicSpec(f"orders-{uuid.uuid4()}", partitions=3, retention_ms=FOREVER_MS)


def sibling(broker: Broker) -> Broker:
    """Another object for the same data directory, with a port of its own."""
    if isinstance(broker, EmbeddedBroker):
        return EmbeddedBroker(broker.data_dir, free_port())
    return KafkaBroker(broker.data_dir, free_port(), jars=state_dir() / "kafka" / "lib")


async def produce(broker: Broker, topic: str) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, enable_idempotence=True
    ) as producer:
        for value in VALUES:
            await producer.send_and_wait(topic, value, key=value)


async def consume(broker: Broker, topic: str, group: str | None = None) -> list[bytes]:
    """Read as many records as were produced; order holds within a partition only."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap, group_id=group, auto_offset_reset="earliest"
    )
    if group is None:
        consumer.assign([TopicPartition(topic, number) for number in range(3)])
    else:
        consumer.subscribe([topic])
    async with consumer, asyncio.timeout(30):
        return [(await consumer.getone()).value for _ in VALUES]


async def setting(broker: Broker, topic: str, name: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    entries: dict[str, str] = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    return entries[name]


@pytest.mark.parametrize("group", [None, "readers"])
async def test_what_is_produced_is_consumed(
    broker: Broker, orders: TopicSpec, group: str | None
) -> None:
    await ensure_topics(broker.bootstrap, [orders])
    await produce(broker, orders.name)
    assert sorted(await consume(broker, orders.name, group)) == sorted(VALUES)


async def test_a_running_broker_is_adopted_with_its_port(broker: Broker) -> None:
    second = sibling(broker)
    assert second.port != broker.port
    await second.start()
    assert second.adopted
    assert second.bootstrap == broker.bootstrap
    assert second.identity() == broker.identity()


async def test_two_starts_at_once_make_one_broker(own_broker: Broker) -> None:
    second = sibling(own_broker)
    await asyncio.gather(own_broker.start(), second.start())
    assert sorted([own_broker.adopted, second.adopted]) == [False, True]
    assert own_broker.bootstrap == second.bootstrap


async def test_records_survive_an_orderly_restart(own_broker: Broker, orders: TopicSpec) -> None:
    await own_broker.start()
    await ensure_topics(own_broker.bootstrap, [orders])
    await produce(own_broker, orders.name)
    before = own_broker.identity()
    await own_broker.stop()
    assert own_broker.identity() is None
    await own_broker.start()
    assert own_broker.identity() != before
    assert sorted(await consume(own_broker, orders.name)) == sorted(VALUES)


async def test_after_kill_9_the_broker_starts_on_the_same_store(
    own_broker: Broker, orders: TopicSpec
) -> None:
    await own_broker.start()
    await ensure_topics(own_broker.bootstrap, [orders])
    await produce(own_broker, orders.name)
    killed = own_broker.identity()
    assert killed is not None
    killed.signal(signal.SIGKILL)
    await own_broker.start()  # at once: the killed process may still hold its port
    assert not own_broker.adopted
    assert own_broker.identity() != killed
    await ensure_topics(own_broker.bootstrap, [orders])
    if isinstance(own_broker, EmbeddedBroker):  # it may have lost its last second, topic and all
        await produce(own_broker, orders.name)
    assert set(await consume(own_broker, orders.name)) <= set(VALUES)
    if isinstance(own_broker, KafkaBroker):
        assert sorted(await consume(own_broker, orders.name)) == sorted(VALUES)


async def test_topics_are_made_once_and_their_settings_follow_the_spec(
    broker: Broker, orders: TopicSpec
) -> None:
    await asyncio.gather(*(ensure_topics(broker.bootstrap, [orders]) for _ in range(3)))
    assert await setting(broker, orders.name, "retention.ms") == "-1"
    changed = TopicSpec(orders.name, 3, 60_000, {"cleanup.policy": "compact"})
    await ensure_topics(broker.bootstrap, [changed])
    await ensure_topics(broker.bootstrap, [changed])
    assert await setting(broker, orders.name, "retention.ms") == "60000"
    assert await setting(broker, orders.name, "cleanup.policy") == "compact"


async def test_a_partition_count_is_never_changed(broker: Broker, orders: TopicSpec) -> None:
    await ensure_topics(broker.bootstrap, [orders])
    with pytest.raises(TopicDiffersError, match="3 partitions and 4") as refused:
        await ensure_topics(broker.bootstrap, [replace(orders, partitions=4)])
    assert refused.value.code == "TOPIC_DIFFERS"


async def test_a_bad_topic_name_is_refused(broker: Broker) -> None:
    with pytest.raises(TopicRefusedError, match="not a topic"):
        await ensure_topics(broker.bootstrap, [TopicSpec("not a topic", 1, FOREVER_MS)])


@pytest.mark.parametrize("kind", ["kafka"], indirect=True)  # the embedded one makes what it meets
async def test_kafka_makes_no_topic_that_nobody_specified(broker: Broker) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, request_timeout_ms=1000
    ) as producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.send_and_wait("unspecified", b"")


async def test_only_the_loopback_address_is_listened_on(broker: Broker) -> None:
    # 127.0.0.2 stands for "another interface": a server on 0.0.0.0 would accept it.
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.2", broker.port))


async def test_a_taken_port_is_named(own_broker: Broker) -> None:
    with (
        socket.create_server(("127.0.0.1", own_broker.port)),
        pytest.raises(PortInUseError, match=str(own_broker.port)),
    ):
        await own_broker.start()
