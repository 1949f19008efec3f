"""No secret of a run is anywhere but in its home; and a planted one is found, wherever it lies.

The scan comes after everything else that runs on the shared line has left its traces.
"""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from cardwright.bus.topics import DEAD_LETTERS
from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.line.databases import database_of
from cardwright.localstack.waiting import until
from tests.e2e.people import badge, debit
from tests.support.line import LineUnderTest
from tests.support.secret_places import places
from tests.support.secret_search import Hit, Secret, SecretSearch, notations
from tests.support.secret_values import collect_secrets

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARDS, BADGES = 6, 3


async def scan(line: LineUnderTest, secrets: Iterable[Secret]) -> set[Hit]:
    search = SecretSearch(secrets)
    return {hit async for where, data in places(line.line) for hit in search.find(where, data)}


async def test_a_run_leaves_no_secret_outside_its_home(line: LineUnderTest) -> None:
    before = set(await line.cards())
    await crash_in_the_midst(line)
    people = [debit(express=n % 3 == 0, given_pan=n % 2 == 0) for n in range(CARDS)]
    await line.submit({"aurora-bank": people, "borealis-works": [badge() for _ in range(BADGES)]})
    await line.until_ended(len(before) + CARDS + BADGES)
    secrets = await collect_secrets(line.line)
    values = {secret.value for secret in secrets}
    assert set(accounts_on_the_floor(line)) <= values
    assert {s.cardholder.surname.reveal().encode() for s in people} <= values
    assert sorted(await scan(line, secrets)) == []


async def crash_in_the_midst(line: LineUnderTest) -> None:
    """Let processes that hold clear data die of a bug, of a broken rule, and by a signal."""
    vault = await asyncpg.connect(line.line.superuser_dsn(database_of("vault")))
    restarts = line.line.supervisor.restarts("dataprep")
    try:
        await vault.execute(
            "ALTER TABLE section_stripe ADD CONSTRAINT broken CHECK (false) NOT VALID"
        )
        await line.submit({"aurora-bank": [debit(given_pan=True)]})

        async def crashed() -> bool:
            return line.line.supervisor.restarts("dataprep") > restarts

        await until(crashed, 30, "data preparation crashes")
    finally:
        await vault.execute("ALTER TABLE section_stripe DROP CONSTRAINT broken")
        await vault.close()
    for name in ("dataprep", "hsm", "printing", "encoder-1"):

        async def leaves_no_core(name: str = name) -> bool:
            return resource.prlimit(line.pid(name), resource.RLIMIT_CORE) == (0, 0)

        await until(leaves_no_core, 10, f"{name} can't dump its memory")
        line.kill(name, signal.SIGABRT)


def accounts_on_the_floor(line: LineUnderTest) -> Iterable[bytes]:
    """Read the account numbers from the stripes of the cards that were made."""
    for path in line.layout.floor.rglob("stripe.json"):
        track = json.loads(path.read_text())["tracks"]["2"]
        bits = BitStream(bytes.fromhex(track["bits"]), track["length"])
        yield stripe.decode(2, bits).reveal().strip(";").partition("=")[0].encode()


PLANTED = Secret("planted PAN", b"9999991234567894")
AS_KEY = Secret("planted key", bytes.fromhex("00107ff3c4a9d85be6021a9cdd41f7b2"))


async def test_a_planted_secret_is_found_wherever_it_lies(line: LineUnderTest) -> None:
    assert await scan(line, [PLANTED, AS_KEY]) == set()
    written = [
        *await plant_in_topics(line),
        *await plant_in_a_table(line),
        *plant_in_files(line.layout.root),
    ]
    found = await scan(line, [PLANTED, AS_KEY])
    for where in written:
        for secret in (PLANTED, AS_KEY):
            seen = {hit.notation for hit in found if (hit.where, hit.name) == (where, secret.name)}
            assert seen == set(notations(secret.value)), where


def spilled() -> bytes:
    """All notations of both values, one beside the other."""
    return b"|".join(p for s in (PLANTED, AS_KEY) for p in notations(s.value).values())


async def plant_in_topics(line: LineUnderTest) -> list[str]:
    """In a compressed batch: in a value, in keys, in headers."""
    producer = AIOKafkaProducer(bootstrap_servers=line.line.bootstrap, compression_type="gzip")
    await producer.start()
    try:
        await producer.send_and_wait("outcomes.aurora-bank", spilled())
        await producer.send_and_wait("facts", b"", key=spilled())
        await producer.send_and_wait(DEAD_LETTERS, b"", headers=[("note", spilled())])
    finally:
        await producer.stop()
    return ["topic outcomes.aurora-bank", "topic facts", f"topic {DEAD_LETTERS}"]


async def plant_in_a_table(line: LineUnderTest) -> list[str]:
    """In a row that is there, and in one that was deleted: the write-ahead log remembers."""
    database = database_of("qa")
    db = await asyncpg.connect(line.line.superuser_dsn(database))
    try:
        await db.execute("CREATE TABLE planted (note bytea)")
        await db.execute("INSERT INTO planted VALUES ($1)", spilled())
    finally:
        await db.close()
    return [f"table {database}.public.planted"]


def plant_in_files(root: Path) -> list[str]:
    """Where logs, traces, metrics, crash output, ledgers and temporary files are."""
    names = (
        "logs/printing.log",
        "telemetry/printing.traces.jsonl",
        "telemetry/printing.metrics.jsonl",
        "devices/encoder-1/core.4711",
        "tmp/work.bin",
        "output/label.txt",
    )
    for name in names:
        with (root / name).open("ab") as file:
            file.write(b"\n" + spilled() + b"\n")
    return [f"file {name}" for name in names]


def test_what_is_too_short_is_not_thought_to_be_searched() -> None:
    with pytest.raises(ValueError, match="too short"):
        SecretSearch([Secret("a CVV", b"123")])


@pytest.mark.parametrize("shift", range(9))
def test_the_search_finds_at_any_place(shift: int) -> None:
    search = SecretSearch([PLANTED, AS_KEY])
    for pattern_of in (lambda b: b, lambda b: b + b"x" * 5, lambda b: bytes(2_100_000) + b):
        data: Callable[[bytes], bytes] = pattern_of
        for notation, pattern in notations(AS_KEY.value).items():
            hits = search.find("here", data(b"y" * shift + pattern))
            assert notation in {hit.notation for hit in hits}
