from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from cardwright.audit.rebuild import await_rebuild, request_rebuild
from cardwright.custody.chain import ChainHead, check_link
from cardwright.eventlog.codec import decode_event
from cardwright.localstack.waiting import until
from cardwright.proto.query.v1 import query_pb2 as pb
from cardwright.proto.query.v1.query_pb2_grpc import CardQueryServiceStub
from cardwright.rpc.errors import RpcError
from tests.integration.query.query_floor import Floor, Service, watch_until
from tests.unit.audit.signed_logs import card_id, life_of_a_badge, shop_floor

CARDS = 30
LOG = shop_floor(CARDS)
ROWS = LOG.rows
LAST = len(ROWS)


async def caught_up(floor: Floor) -> Service:
    await floor.publish(ROWS)
    service = await floor.start()
    assert await watch_until(service.client, LAST) == list(range(1, LAST + 1))
    return service


async def test_cards_are_answered_by_id_and_by_request(floor: Floor) -> None:
    client = (await caught_up(floor)).client
    card = await client.get(card_id(0))
    assert card.state == pb.CARD_STATE_DISPATCHED
    assert card.request_id == "request-000000"
    assert await client.get("borealis-works:request-000000") == card
    found = await client.batch_get([card_id(2), "borealis-works:request-000001", card_id(99)])
    assert [each.card_id for each in found.cards] == [card_id(2), card_id(1)]
    assert list(found.missing) == [card_id(99)]


async def test_pages_hold_every_card_once(floor: Floor) -> None:
    client = (await caught_up(floor)).client
    everyone = [each.card_id async for each in client.list(page_size=7)]
    assert everyone == [card_id(n) for n in range(CARDS)]
    revoked = [each async for each in client.list(state=pb.CARD_STATE_REVOKED, page_size=3)]
    assert len(revoked) == CARDS // 3
    assert [each async for each in client.list(issuer="aurora-bank")] == []


async def test_custody_hands_out_the_chained_bytes(floor: Floor) -> None:
    client = (await caught_up(floor)).client
    record = await client.custody(card_id(1))
    head = ChainHead(card_id(1))
    for body, entry in zip(record.events, record.entries, strict=True):
        event = decode_event(body)
        check_link(head, event.stream_id, event.sequence, event.previous_hash)
        head = head.extend(body)
        assert entry.hash == head.hash
    assert record.entries[-1].kind == "dispatched"


async def test_errors_say_what_to_do(floor: Floor) -> None:
    service = await caught_up(floor)
    client = service.client
    with pytest.raises(RpcError, match="no card") as unknown:
        await client.get(card_id(99))
    assert (unknown.value.code, unknown.value.status) == (
        "CARD_UNKNOWN",
        grpc.StatusCode.NOT_FOUND,
    )
    with pytest.raises(RpcError, match="by its id"):
        await client.get("not a name")
    with pytest.raises(RpcError) as many:
        await client.batch_get([card_id(0)] * 1001)
    assert many.value.code == "TOO_MANY"
    async with aio.insecure_channel(service.address) as channel:
        stub = CardQueryServiceStub(channel)
        page = await stub.ListCards(pb.ListCardsRequest(page_size=5, product="employee-badge"))
        for request, reason in (
            (pb.ListCardsRequest(page_token=page.next_page_token), "PAGE_TOKEN_FILTERS"),
            (pb.ListCardsRequest(page_token="%%%"), "PAGE_TOKEN"),
            (pb.ListCardsRequest(page_size=-1), "PAGE_SIZE"),
        ):
            with pytest.raises(aio.AioRpcError) as refused:
                await stub.ListCards(request)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert violation(refused.value).reason == reason


def violation(error: aio.AioRpcError) -> error_details_pb2.BadRequest.FieldViolation:
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    bad = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(bad)
    (only,) = bad.field_violations
    return only


async def test_health_and_reflection(floor: Floor) -> None:
    service = await floor.start()
    async with aio.insecure_channel(service.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(
            health_pb2.HealthCheckRequest(service="cardwright.query.v1.CardQueryService")
        )
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
            iter([request])
        )
        listed = {each.name async for each in names(call)}
    assert "cardwright.query.v1.CardQueryService" in listed


async def names(call: Any) -> AsyncIterator[Any]:
    async for response in call:
        for each in response.list_services_response.service:
            yield each


async def test_a_watch_misses_nothing_across_a_restart(floor: Floor) -> None:
    await floor.publish(ROWS[:100])
    first = await floor.start()
    assert await watch_until(first.client, 40) == list(range(1, 41))
    await first.stop()
    await floor.publish(ROWS[60:])
    second = await floor.start()
    assert await watch_until(second.client, LAST, "40") == list(range(41, LAST + 1))


async def test_a_watch_holds_back_what_comes_after_a_gap(floor: Floor) -> None:
    late = ROWS[49]
    await floor.publish([row for row in ROWS if row is not late])
    service = await floor.start()
    assert await watch_until(service.client, 49) == list(range(1, 50))

    async def others_went_on() -> bool:
        cards = [each async for each in service.client.list(state=pb.CARD_STATE_DISPATCHED)]
        return len(cards) == CARDS * 2 // 3 - (late.stream_id != card_id(2))

    await until(others_went_on, 20, "cards without a gap reach their end")
    await floor.publish([late])
    assert await watch_until(service.client, LAST, "49") == list(range(50, LAST + 1))


async def test_a_watcher_of_one_card_sees_it_at_each_step(floor: Floor) -> None:
    client = (await caught_up(floor)).client
    kinds, sequences = [], []
    async with asyncio.timeout(20):
        async for change in client.watch("0", card_id=card_id(0)):
            kinds.append(change.event)
            sequences.append(change.card.sequence)
            if change.event == "dispatched":
                break
    assert sequences == list(range(1, len(life_of_a_badge(0)) + 1))
    assert kinds[2] == "printed"


async def test_a_rebuild_serves_meanwhile_and_keeps_tokens(floor: Floor) -> None:
    service = await caught_up(floor)
    before = [each async for each in service.client.list()]
    watching = asyncio.create_task(watch_until(service.client, LAST + 8, str(LAST)))
    # A wrong projection: what is in it is not what the log says.
    async with floor.database() as db:
        await db.execute("DELETE FROM projection_0.card WHERE card_id = $1", card_id(3))
    with pytest.raises(RpcError):
        await service.client.get(card_id(3))
    number = await request_rebuild(floor.dsn)
    asked = 0
    done = asyncio.create_task(await_rebuild(floor.dsn, number))
    while not done.done():
        assert (await service.client.get(card_id(0))).state == pb.CARD_STATE_DISPATCHED
        asked += 1
    await done
    assert asked > 1
    async with floor.database() as db:
        assert await db.fetchval("SELECT serving FROM public.control") == 1
    assert [each async for each in service.client.list()] == before
    more = shop_floor(CARDS)
    more.add(card_id(CARDS), *life_of_a_badge(CARDS))
    await floor.publish(more.rows[LAST:])
    assert await watching == list(range(LAST + 1, LAST + 9))
    assert await watch_until(service.client, LAST, "17") == list(range(18, LAST + 1))
    await service.stop()
    again = await floor.start()
    assert await watch_until(again.client, LAST + 8, str(LAST)) == list(range(LAST + 1, LAST + 9))


async def test_a_cancelled_call_works_no_further(floor: Floor) -> None:
    service = await caught_up(floor)
    async with floor.database() as db, db.transaction():
        await db.execute("LOCK TABLE projection_0.card IN ACCESS EXCLUSIVE MODE")
        async with aio.insecure_channel(service.address) as channel:
            stub = CardQueryServiceStub(channel)
            with pytest.raises(aio.AioRpcError) as late:
                await stub.GetCard(pb.GetCardRequest(card_id=card_id(0)), timeout=0.3)
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED

        async def nobody_waits() -> bool:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return bool(await db.fetchval(waiting) == 0)

        await until(nobody_waits, 10, "the query was cancelled")
    assert (await service.client.get(card_id(0))).card_id == card_id(0)


async def test_the_service_owns_nothing(floor: Floor) -> None:
    async with floor.database() as db:
        for statement in ("DROP TABLE projection_0.card", "CREATE TABLE public.mine (a int)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(statement)
