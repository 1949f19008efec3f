"""What a test does to the bus beside the line: read all, say it again, rewind, throw garbage."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from cardwright.bus.topics import DEAD_LETTERS
from cardwright.proto.deadletter.v1.dead_letter_pb2 import DeadLetter

__all__ = ["caught_up", "dead_letters", "read_all", "rewind", "say", "say_again"]

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


async def read_all(bootstrap: str, topics: Collection[str]) -> list[Record]:
    """Return every record of these topics, partition by partition."""
    found: list[Record] = []
    async with _reader(bootstrap, topics) as reader:
        partitions = reader.assignment()
        await reader.seek_to_beginning(*partitions)
        ends = await reader.end_offsets(partitions)
        while any([await reader.position(each) < ends[each] for each in partitions]):
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += records
    return found


async def say(bootstrap: str, messages: Iterable[tuple[str, bytes, bytes | None]]) -> int:
    """Produce topic, key and value as they are; returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        sent = [await producer.send(topic, value, key) for topic, key, value in messages]
        for each in sent:
            await each
    finally:
        await producer.stop()
    return len(sent)


async def say_again(bootstrap: str, records: Sequence[Record]) -> None:
    """Produce records a second time, byte for byte, each to the partition it came from."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for each in [
            await producer.send(r.topic, r.value, r.key, r.partition, headers=list(r.headers))
            for r in records
        ]:
            await each
    finally:
        await producer.stop()


async def rewind(bootstrap: str, group: str, instance: str, topics: Collection[str]) -> None:
    """Make a stopped group read its topics from the beginning: as its member, commit nought."""
    reader = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        group_instance_id=f"{group}.{instance}",
        enable_auto_commit=False,
    )
    await reader.start()
    try:
        await reader.commit(dict.fromkeys(reader.assignment(), 0))
    finally:
        await reader.stop()


async def caught_up(bootstrap: str, group: str, topics: Collection[str]) -> bool:
    """Say whether a group has handled all that its topics hold."""
    async with _reader(bootstrap, topics) as reader, _administration(bootstrap) as admin:
        ends = await reader.end_offsets(reader.assignment())
        done = await admin.list_consumer_group_offsets(group)
        return all(done[each].offset >= end for each, end in ends.items() if end)


async def dead_letters(bootstrap: str) -> list[DeadLetter]:
    """Return all dead letters."""
    found = await read_all(bootstrap, [DEAD_LETTERS])
    return [DeadLetter.FromString(record.value or b"") for record in found]


@contextlib.asynccontextmanager
async def _reader(bootstrap: str, topics: Collection[str]) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer without a group: it is given every partition."""
    reader = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


@contextlib.asynccontextmanager
async def _administration(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
