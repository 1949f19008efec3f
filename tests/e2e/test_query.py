"""The query service beside a working line: rebuilt while it answers, killed while it is watched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from cardwright.audit.rebuild import await_rebuild, request_rebuild
from cardwright.line.databases import database_of
from cardwright.proto.query.v1 import query_pb2 as pb
from cardwright.proto.query.v1.query_pb2_grpc import CardQueryServiceStub
from cardwright.rpc.query_client import QueryClient
from tests.e2e.people import badge, debit
from tests.support.line import LineUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICE = "cardwright.query.v1.CardQueryService"


def address_of(line: LineUnderTest) -> str:
    return f"127.0.0.1:{line.layout.ports()['query']}"


@pytest_asyncio.fixture(loop_scope="session")
async def client(line: LineUnderTest) -> AsyncIterator[QueryClient]:
    async with QueryClient(address_of(line)) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def channel(line: LineUnderTest) -> AsyncIterator[aio.Channel]:
    async with aio.insecure_channel(address_of(line)) as opened:
        yield opened


async def made(line: LineUnderTest, count: int) -> int:
    """Make so many cards; returns the position that the log has reached."""
    before = len(await line.cards())
    half = count // 2
    await line.submit(
        {
            "aurora-bank": [debit(express=True) for _ in range(count - half)],
            "borealis-works": [badge(express=True) for _ in range(half)],
        }
    )
    await line.until_ended(before + count)
    return int(await line.log.fetchval("SELECT max(position) FROM event"))


async def seen_up_to(client: QueryClient, position: int) -> None:
    """Wait until the service has applied the log up to ``position``."""
    async with asyncio.timeout(30), contextlib.aclosing(client.watch(str(position - 1))) as news:
        async for change in news:
            if int(change.resume_token) >= position:
                return


async def test_the_projection_is_rebuilt_while_it_serves(
    line: LineUnderTest, client: QueryClient
) -> None:
    await seen_up_to(client, await made(line, 4))
    before = [card async for card in client.list()]
    database = line.line.superuser_dsn(database_of("query"))
    served = await serving(database)
    number = await request_rebuild(database)
    answers = 0
    async with asyncio.timeout(60):
        rebuilt = asyncio.create_task(await_rebuild(database, number))
        while not rebuilt.done():
            assert await client.get(before[answers % len(before)].card_id) in before
            answers += 1
        await rebuilt
    assert answers > 0
    assert await serving(database) != served
    assert [card async for card in client.list()] == before


async def serving(database: str) -> int:
    """Return which of the two projections answers."""
    db = await asyncpg.connect(database)
    try:
        return int(await db.fetchval("SELECT serving FROM control"))
    finally:
        await db.close()


async def test_a_watch_misses_nothing_when_the_service_dies(
    line: LineUnderTest, client: QueryClient
) -> None:
    began = await made(line, 2)
    await seen_up_to(client, began)
    seen: list[int] = []
    watching = asyncio.create_task(watch(client, str(began), seen))
    first = await made(line, 2)
    line.kill("query")
    last = await made(line, 2)
    async with asyncio.timeout(60):
        while not seen or seen[-1] < last:  # noqa: ASYNC110  # the watch has no other news
            await asyncio.sleep(0.05)
    watching.cancel()
    assert first < last
    # Every event after the beginning is a card's: the line received no blanks meanwhile.
    assert seen == list(range(began + 1, last + 1))


async def watch(client: QueryClient, token: str, seen: list[int]) -> None:
    async for change in client.watch(token):
        seen.append(int(change.resume_token))  # noqa: PERF401  # seen as it comes, not at the end


async def test_any_client_can_look_around(channel: aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([asked])):
        names = {service.name for service in answer.list_services_response.service}
    assert {SERVICE, "grpc.health.v1.Health"} <= names
    checks = health_pb2_grpc.HealthStub(channel)
    for name in ("", SERVICE):
        health = await checks.Check(health_pb2.HealthCheckRequest(service=name))
        assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_deadline_ends_a_call(line: LineUnderTest, channel: aio.Channel) -> None:
    stub = CardQueryServiceStub(channel)
    last = await line.log.fetchval("SELECT max(position) FROM event")
    with pytest.raises(aio.AioRpcError) as late:
        async for _ in stub.WatchCards(pb.WatchCardsRequest(resume_token=str(last)), timeout=0.3):
            pass
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("card_id", "status", "reason", "detail"),
    [
        (
            "01a20000-0000-7000-8000-000000000000",
            grpc.StatusCode.NOT_FOUND,
            "CARD_UNKNOWN",
            error_details_pb2.ResourceInfo,
        ),
        (
            "no name",
            grpc.StatusCode.INVALID_ARGUMENT,
            "CARD_NAME",
            error_details_pb2.BadRequest,
        ),
    ],
)
async def test_errors_bring_details(
    channel: aio.Channel, card_id: str, status: grpc.StatusCode, reason: str, detail: type
) -> None:
    with pytest.raises(aio.AioRpcError) as refused:
        await CardQueryServiceStub(channel).GetCard(pb.GetCardRequest(card_id=card_id))
    assert refused.value.code() is status
    packed = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]
    rich = status_pb2.Status.FromString(packed)
    info, told = error_details_pb2.ErrorInfo(), detail()
    assert rich.details[0].Unpack(info)
    assert rich.details[1].Unpack(told)
    assert (info.reason, info.domain) == (reason, "cardwright")
