"""No secret of a run is anywhere but in its home; and a planted one is found, wherever it lies.

The scan comes after everything else that runs on the shared line has left its traces.
"""

from __future__ import annotations

import json
import resource
import signal
from collections.abc import Iterable
from datetime import UTC, datetime
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
    misused = await misuse_an_account_as_request_id(line)
    await crash_in_the_midst(line)
    people = [debit(express=n % 3 == 0, given_pan=n % 2 == 0) for n in range(CARDS)]
    await line.submit({"aurora-bank": people, "borealis-works": [badge() for _ in range(BADGES)]})
    await line.until_ended(len(before) + CARDS + BADGES)
    secrets = await collect_secrets(line.line)
    secrets.append(Secret("account as request id", misused.encode()))
    values = {secret.value for secret in secrets}
    assert set(accounts_on_the_floor(line)) <= values
    assert {s.cardholder.surname.reveal().encode() for s in people} <= values
    leaks = {hit for hit in await scan(line, secrets) if not is_the_issuers_own_doing(hit)}
    assert sorted(leaks) == []


async def misuse_an_account_as_request_id(line: LineUnderTest) -> str:
    """Send what an honest client refuses to send; the bureau is to keep it to itself."""
    row = debit(given_pan=True)
    assert row.account is not None
    assert row.account.pan is not None
    number = row.account.pan.reveal()
    client = line.issuers["aurora-bank"]
    named = row.model_copy(update={"request_id": number})
    message = client.sealer.message(named, folder=Path(), now=datetime.now(UTC), screen=False)
    async with client:
        await client.submit([message])
    return number


def is_the_issuers_own_doing(hit: Hit) -> bool:
    """Tell whether it is what the issuer itself put on its topic in the clear."""
    homes = ("topic requests.aurora-bank", "file broker/store/", "file kafka/store/requests.")
    return hit.name == "account as request id" and hit.where.startswith(homes)


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
        await producer.send_and_wait("outcomes.borealis-works", b"", key=spilled())
        await producer.send_and_wait(DEAD_LETTERS, b"", headers=[("note", spilled())])
    finally:
        await producer.stop()
    return ["topic outcomes.aurora-bank", "topic outcomes.borealis-works", f"topic {DEAD_LETTERS}"]


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
        "logs/planted.log",
        "telemetry/planted.traces.jsonl",
        "telemetry/planted.metrics.jsonl",
        "devices/encoder-1/core.4711",
        "tmp/work.bin",
        "output/label.txt",
    )
    for name in names:
        with (root / name).open("ab") as file:
            file.write(b"\n" + spilled() + b"\n")
    return [f"file {name}" for name in names]
