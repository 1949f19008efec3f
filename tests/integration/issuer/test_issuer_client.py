from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from joserfc import jwe
from joserfc.jwk import ECKey

from cardwright.issuer.client import IssuerClient, ReceivedOutcome
from cardwright.issuer.files import NumberedRow, read_requests
from cardwright.issuer.seal import encrypt
from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.ports import free_port
from cardwright.localstack.topics import TopicSpec, ensure_topics
from cardwright.proto.outcome.v1.outcome_pb2 import OUTCOME_KIND_PREPARED, Outcome
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest

FILE = Path("examples/borealis-works/requests.csv")
ISSUER = FILE.parent.name
TOPICS = [
    TopicSpec(f"{topic}.{ISSUER}", partitions=1, retention_ms=3_600_000)
    for topic in ("requests", "outcomes")
]


@pytest_asyncio.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    with tempfile.TemporaryDirectory(prefix="cardwright-issuer-") as folder:
        broker = EmbeddedBroker(Path(folder), free_port())
        await broker.start()
        try:
            await ensure_topics(broker.bootstrap, TOPICS)
            yield broker
        finally:
            await broker.stop()


async def test_a_file_goes_out_and_an_outcome_comes_back(broker: EmbeddedBroker) -> None:
    own, bureau = (ECKey.generate_key("P-256", parameters={"kid": kid}) for kid in ("o#1", "b#1"))
    client = IssuerClient(broker.bootstrap, ISSUER, own, bureau, decryption_key=own)
    rows = [item.row for item in read_requests(FILE) if isinstance(item, NumberedRow)]
    async with client, asyncio.timeout(60):
        now = datetime.now(UTC)
        sent = await client.submit(
            client.sealer.message(row, folder=FILE.parent, now=now) for row in rows
        )
        requests = await read_topic(broker, sent)
        await answer(broker, own)
        received = await first_outcome(client)

    assert [request.request_id for request in requests] == [row.request_id for row in rows]
    assert all(jwe.decrypt_compact(request.sealed, bureau).plaintext for request in requests)
    assert received.outcome.request_id == "bw-badge-0001-t"
    assert received.issued_values is not None
    assert received.issued_values.reveal() == b'{"expiry":"4912"}'


async def read_topic(broker: EmbeddedBroker, count: int) -> list[IssuanceRequest]:
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(f"requests.{ISSUER}", 0)])
    async with consumer:
        records = [await consumer.getone() for _ in range(count)]
    requests = [IssuanceRequest.FromString(record.value) for record in records]
    assert [record.key for record in records] == [item.request_id.encode() for item in requests]
    return requests


async def answer(broker: EmbeddedBroker, key: ECKey) -> None:
    outcome = Outcome(
        issuer=ISSUER,
        request_id="bw-badge-0001-t",
        kind=OUTCOME_KIND_PREPARED,
        issued_values=encrypt('{"expiry":"4912"}', key),
    )
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        await producer.send_and_wait(f"outcomes.{ISSUER}", outcome.SerializeToString())


async def first_outcome(client: IssuerClient) -> ReceivedOutcome:
    async with aclosing(client.outcomes()) as outcomes:
        return await anext(outcomes)
