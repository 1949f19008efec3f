"""A bus that repeats itself, that carries rubbish, and that loses everything."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Sequence

import pytest

from cardwright.bus.topics import FACTS, FACTS_EXPRESS, orders
from cardwright.card import STATION_OF, Operation
from cardwright.devices.ledger import Act
from cardwright.eventlog.codec import LoggedEvent
from cardwright.line.layout import SERVICES, SITE, repository
from cardwright.line.line import issuers_of
from cardwright.line.topics import topics_of
from cardwright.localstack.topics import ensure_topics
from cardwright.localstack.waiting import until
from cardwright.proto.fact.v1 import fact_pb2
from cardwright.station.messages import encode_order
from cardwright.station.ports import WorkOrder
from tests.chaos.groups import GROUPS
from tests.chaos.proofs import (
    dispatched_once,
    no_blank_is_unaccounted_for,
    nothing_was_done_twice,
    the_log_is_chained_and_signed,
)
from tests.chaos.run import Run
from tests.chaos.sleep import asleep
from tests.chaos.wire import caught_up, dead_letters, read_all, rewind, say, say_again
from tests.support.line import DEVICES, LineUnderTest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

STATIONS = sorted(set(STATION_OF.values()) & set(SERVICES))


async def test_garbage_goes_to_dead_letters_and_parks_nothing(line: LineUnderTest) -> None:
    run, bootstrap = Run(line, "garbage"), line.line.bootstrap
    pids = {name: line.pid(name) for name in SERVICES}
    await run.submit(6)
    await run.until_ended(within=60)
    true_facts = [r.value for r in await read_all(bootstrap, [FACTS]) if r.value]
    to_custody = garbage() + twisted(true_facts[0])
    to_stations = garbage() + bad_orders()
    sent = await say(
        bootstrap,
        [
            *((topic, b"key", each) for topic in (FACTS, FACTS_EXPRESS) for each in to_custody),
            *(
                (orders(station, SITE, express=lane), b"key", each)
                for station in STATIONS
                for lane in (True, False)
                for each in to_stations
            ),
        ],
    )
    await run.submit(6)
    cards = await run.until_ended(within=60)
    dispatched_once(cards, run.requests)
    await until_handled(line)
    letters = await dead_letters(bootstrap)
    assert len({(each.topic, each.partition, each.offset) for each in letters}) == sent
    assert {name: line.pid(name) for name in SERVICES} == pids, "garbage killed a service"
    assert not [card for card in cards if card.parked]


async def test_every_message_comes_again_and_nothing_happens_again(line: LineUnderTest) -> None:
    run, bootstrap = Run(line, "again"), line.line.bootstrap
    await run.submit(20)
    dispatched_once(await run.until_ended(within=60), run.requests)
    await until_handled(line)
    log, acts = await line.events(), all_acts(line)

    await read_from_the_beginning(line)
    await until_handled(line)
    assert await line.events() == log
    assert all_acts(line) == acts

    said = await read_all(bootstrap, [topic for topics in GROUPS.values() for topic in topics])
    await say_again(bootstrap, [r for r in said if not r.topic.startswith("requests.")])
    await until_handled(line)
    assert await line.events() == log
    assert all_acts(line) == acts

    asked = [r for r in said if r.topic.startswith("requests.")]
    await say_again(bootstrap, asked)
    await run.until_logged(len(log) + len(asked))
    await until_handled(line)
    cards = (await line.cards()).values()
    dispatched_once(cards, run.requests)
    assert refusals((await line.events())[len(log) :]) == len(asked)
    assert all_acts(line) == acts


async def test_the_broker_loses_everything_and_every_card_ends(line: LineUnderTest) -> None:
    run = Run(line, "lost")
    for _ in range(2):
        await run.submit(15)
        await run.resubmit_what_the_broker_lost()
        await lose_the_broker(line)
    dispatched_once(await run.until_ended(within=90), run.requests)
    nothing_was_done_twice(line)
    await no_blank_is_unaccounted_for(line)
    await the_log_is_chained_and_signed(line, published=False)


def garbage() -> list[bytes | None]:
    """Bytes that mean nothing: none, noise of many lengths, text."""
    noise = random.Random(7)  # the same each time
    return [None, b"", b"\x00", b"{}", *(noise.randbytes(size) for size in (1, 5, 60, 4000))]


def twisted(true_fact: bytes) -> list[bytes]:
    """A true fact: cut, under a false signature, by another signer, about no stream."""
    message = fact_pb2.FactMessage.FromString(true_fact)

    def resigned(**changes: object) -> bytes:
        signed = fact_pb2.SignedFact.FromString(message.signed_fact)
        for name, value in changes.items():
            setattr(signed, name, value)
        return fact_pb2.FactMessage(signed_fact=signed.SerializeToString()).SerializeToString()

    astray = fact_pb2.Fact.FromString(fact_pb2.SignedFact.FromString(message.signed_fact).fact)
    astray.stream_id = "nowhere"
    return [
        true_fact[: len(true_fact) // 2],
        resigned(signature=bytes(64)),
        resigned(signer="sign/nobody.site-1#1"),
        resigned(signer=f"sign/printing.{SITE}#1"),
        resigned(leaf_index=2**63),
        resigned(fact=astray.SerializeToString()),
    ]


def bad_orders() -> list[bytes]:
    """Well-formed mail that no custody would send: of no card, of no operation."""
    lost = WorkOrder("nowhere", "", Operation.PRINT, 1, "", "", "", 0, express=False)
    return [encode_order(lost), encode_order(lost, cancel=True)]


def all_acts(line: LineUnderTest) -> Sequence[Act]:
    return [act for device in DEVICES for act in line.acts(device)]


def refusals(events: Sequence[LoggedEvent]) -> int:
    """Count duplicates' refusals; anything else among ``events`` is an error."""
    kinds = Counter(type(event.fact.body).__name__ for event in events)
    assert set(kinds) <= {"RequestRefused"}, kinds
    return kinds.total()


async def until_handled(line: LineUnderTest) -> None:
    """Wait until every group has handled all that its topics hold, custody's answers included."""

    async def quiet() -> bool:
        return all(
            [
                await caught_up(line.line.bootstrap, group, topics)
                for group, topics in GROUPS.items()
            ]
        )

    await until(quiet, 60, "all messages are handled")


async def read_from_the_beginning(line: LineUnderTest) -> None:
    """Stop all services, let each forget how far it had read, and start them again."""
    supervisor = line.line.supervisor
    await asyncio.gather(*(supervisor.stop(name) for name in SERVICES))
    for group, topics in GROUPS.items():
        await rewind(line.line.bootstrap, group, SITE, topics)
        assert not await caught_up(line.line.bootstrap, group, topics)
    for spec in line.line.processes.services():
        await supervisor.start(spec)


async def lose_the_broker(line: LineUnderTest) -> None:
    """Take the broker away, with all it holds, and put a new one in its place.

    Services sleep until its topics are made: a broker that makes those that are asked for would
    make them with one partition.
    """
    broker, supervisor = line.line.broker, line.line.supervisor
    assert broker is not None
    await supervisor.stop(broker.name)
    with asleep(line, *SERVICES):
        await asyncio.to_thread(shutil.rmtree, broker.data_dir)
        await broker.start_supervised(supervisor)
        topics = topics_of(issuers_of(repository() / "catalogue"), SITE, partitions=4)
        await ensure_topics(line.line.bootstrap, topics)
