"""Tampering with the log where it lies: ``audit verify`` names the first event that is wrong.

The tamperer is the database's superuser, whom no trigger stops, and who knows how events are
hashed. What he has not got are the keys, and a broker that forgets.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest
import pytest_asyncio
from nacl.signing import SigningKey

from cardwright.bus import Outbound, Producer
from cardwright.bus.topics import EVENTS
from cardwright.card import Fact
from cardwright.card.events import Destroyed
from cardwright.custody.merkle import leaf_hash
from cardwright.custody.statement import batch_payload
from cardwright.eventlog.codec import LoggedEvent, encode_event, encode_fact
from cardwright.line.layout import SITE
from cardwright.localstack.choose import Stack
from cardwright.proto.fact.v1 import fact_pb2
from tests.e2e.command import cardwright
from tests.e2e.conftest import load_blanks
from tests.e2e.people import badge, debit
from tests.support.line import LineUnderTest, line_under_test

pytestmark = pytest.mark.asyncio(loop_scope="module")

Database: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
CARDS, BADGES = 4, 2
VICTIM = 3
"""The event that is tampered with: late enough to have a past, early enough for a future."""


@dataclass(frozen=True, slots=True)
class Crime:
    """A line whose writer has stopped, the log open to its superuser, and one card's stream."""

    line: LineUnderTest
    log: Database
    stream: str
    events: list[LoggedEvent]

    @property
    def length(self) -> int:
        return len(self.events)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(own_folder: Path, stack: Stack) -> AsyncIterator[Crime]:
    async with line_under_test(own_folder, stack) as line:
        await load_blanks(line)
        await line.submit(
            {
                "aurora-bank": [debit() for _ in range(CARDS)],
                "borealis-works": [badge() for _ in range(BADGES)],
            }
        )
        cards = await line.until_ended(CARDS + BADGES)
        await line.line.supervisor.stop("custody")
        stream = sorted(cards)[2]
        log = await asyncpg.connect(line.line.superuser_dsn("cardwright_log"))
        await log.execute("SET session_replication_role = replica")  # no trigger fires
        await log.execute("CREATE TABLE kept AS SELECT * FROM event")
        events = [event for event in await line.events() if event.stream_id == stream]
        yield Crime(line, log, stream, events)
        await log.close()


@contextlib.asynccontextmanager
async def put_right_afterwards(log: Database) -> AsyncIterator[None]:
    try:
        yield
    finally:
        async with log.transaction():
            await log.execute("DELETE FROM event")
            await log.execute("INSERT INTO event SELECT * FROM kept")


async def verdict(crime: Crime) -> tuple[int, dict[str, Any]]:
    said = await cardwright("audit", "verify", "--json", state=crime.line.layout.root)
    return said.status, said.json


async def test_a_log_that_was_left_alone_is_intact(scene: Crime) -> None:
    status, report = await verdict(scene)
    assert (status, report["verdict"], report["findings"]) == (0, "intact", [])
    assert report["events"] == report["published"] == len(await scene.line.events())


async def test_the_log_refuses_to_be_changed_by_those_who_run_it(scene: Crime) -> None:
    honest = await asyncpg.connect(scene.line.line.superuser_dsn("cardwright_log"))
    try:
        for change in ("UPDATE event SET kind = ''", "DELETE FROM event", "TRUNCATE event"):
            with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
                await honest.execute(change)
    finally:
        await honest.close()


async def edit(crime: Crime) -> None:
    """Change one octet of an event."""
    await replace(crime, VICTIM, flipped(crime.events[VICTIM - 1].body), keep_hash=True)


async def edit_and_hash(crime: Crime) -> None:
    """Change one octet, and make the hash beside it fit."""
    await replace(crime, VICTIM, flipped(crime.events[VICTIM - 1].body), keep_hash=False)


async def edit_a_column(crime: Crime) -> None:
    """Leave the event alone and change what is noted beside it."""
    await crime.log.execute(
        "UPDATE event SET kind = 'destroyed' WHERE stream_id = $1 AND sequence = $2",
        *(crime.stream, VICTIM),
    )


async def drop(crime: Crime) -> None:
    await crime.log.execute(
        "DELETE FROM event WHERE stream_id = $1 AND sequence = $2", crime.stream, VICTIM
    )


async def cut_the_end(crime: Crime) -> None:
    await crime.log.execute(
        "DELETE FROM event WHERE stream_id = $1 AND sequence >= $2", crime.stream, VICTIM
    )


async def swap(crime: Crime) -> None:
    """Let two events change places within their stream."""
    first, second = crime.events[VICTIM - 1 : VICTIM + 1]
    await replace(crime, VICTIM, second.body, keep_hash=False)
    await replace(crime, VICTIM + 1, first.body, keep_hash=False)


async def forge(crime: Crime) -> None:
    """Append an event that says the card was destroyed."""
    body = forged(crime)
    await crime.log.execute(
        "INSERT INTO event SELECT max(position) + 1, $1, $2, 'destroyed', now(), $3, $4 FROM event",
        *(crime.stream, crime.length + 1, leaf_hash(body), body),
    )


Tampering = Callable[[Crime], Awaitable[None]]


@pytest.mark.parametrize(
    ("tamper", "code", "sequence"),
    [
        (edit, "AUDIT_EDITED", VICTIM),
        (edit_and_hash, "AUDIT_EDITED", VICTIM),
        (edit_a_column, "AUDIT_EDITED", VICTIM),
        (drop, "AUDIT_DROPPED", VICTIM),
        (cut_the_end, "AUDIT_DROPPED", VICTIM),
        (swap, "AUDIT_REORDERED", VICTIM),
        (forge, "AUDIT_ADDED", None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_tampering_with_the_log_is_named(
    scene: Crime, tamper: Tampering, code: str, sequence: int | None
) -> None:
    async with put_right_afterwards(scene.log):
        await tamper(scene)
        status, report = await verdict(scene)
    found = report["findings"][0]
    assert (status, report["verdict"]) == (1, "failed")
    assert (found["code"], found["where"]) == (code, "log")
    assert found["stream_id"] == scene.stream
    assert found["sequence"] == (sequence or scene.length + 1)


async def test_events_that_swapped_their_positions_are_named(scene: Crime) -> None:
    """Two events of different cards, one after the other, are made to be the other way round."""
    rows = await scene.log.fetch(
        "SELECT stream_id, sequence, position FROM event ORDER BY position"
    )
    pairs = itertools.pairwise(rows)
    one, other = next(pair for pair in pairs if pair[0]["stream_id"] != pair[1]["stream_id"])
    async with put_right_afterwards(scene.log):
        for row, position in ((one, other["position"]), (other, one["position"])):
            await scene.log.execute(
                "UPDATE event SET position = $3 WHERE stream_id = $1 AND sequence = $2",
                *(row["stream_id"], row["sequence"], position),
            )
        status, report = await verdict(scene)
    assert status == 1
    assert [(f["code"], f["stream_id"], f["sequence"]) for f in report["findings"]] == [
        ("AUDIT_REORDERED", str(row["stream_id"]), row["sequence"]) for row in (other, one)
    ]


async def test_what_the_broker_delivers_again_is_no_tampering(scene: Crime) -> None:
    event = scene.events[VICTIM - 1]
    position = await scene.log.fetchval(
        "SELECT position FROM event WHERE stream_id = $1 AND sequence = $2",
        *(scene.stream, event.sequence),
    )
    await publish(scene, event.body, position)
    status, report = await verdict(scene)
    assert (status, report["findings"]) == (0, [])
    assert report["published"] == report["events"] + 1


async def test_a_forged_event_on_the_topic_is_named(scene: Crime) -> None:
    """Last, since the topic keeps it for ever."""
    position = await scene.log.fetchval("SELECT max(position) + 1 FROM event")
    await publish(scene, forged(scene), position)
    status, report = await verdict(scene)
    found = report["findings"][0]
    assert status == 1
    assert (found["code"], found["where"]) == ("AUDIT_ADDED", "events")
    assert (found["stream_id"], found["sequence"]) == (scene.stream, scene.length + 1)


async def publish(crime: Crime, body: bytes, position: int) -> None:
    async with Producer(crime.line.line.bootstrap, client_id="intruder") as producer:
        headers = (("cwposition", b"%d" % position),)
        await producer.send([Outbound(EVENTS, crime.stream, body, headers)])


async def replace(crime: Crime, sequence: int, body: bytes, *, keep_hash: bool) -> None:
    await crime.log.execute(
        "UPDATE event SET body = $3, hash = CASE WHEN $4 THEN hash ELSE $5 END"
        " WHERE stream_id = $1 AND sequence = $2",
        *(crime.stream, sequence, body, keep_hash, leaf_hash(body)),
    )


def flipped(body: bytes) -> bytes:
    """Change the middle octet, which lies in the signed fact."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def forged(crime: Crime) -> bytes:
    """Make an event that continues the stream and is signed with a key of the forger's own."""
    now, last = datetime.now(UTC), crime.events[-1]
    fact = Fact("forged", crime.stream, f"{crime.stream}.99", "logistics", SITE, Destroyed("B-1"))
    data = encode_fact(fact, now)
    key = SigningKey(hashlib.sha256(b"forger").digest())
    signed = fact_pb2.SignedFact(
        fact=data,
        signer=f"sign/logistics.{SITE}#1",
        tree_size=1,
        signature=key.sign(batch_payload(1, leaf_hash(data))).signature,
    )
    return encode_event(
        crime.stream, last.sequence + 1, last.hash, now, 1, signed.SerializeToString()
    )
