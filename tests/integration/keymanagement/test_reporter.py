"""The journal's entries become facts of custody, each once, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import cast

import asyncpg
import pytest
from nacl.signing import SigningKey

from cardwright.bus import Outbound, Producer
from cardwright.card.events import KeyChanged
from cardwright.eventlog.codec import decode_fact_message
from cardwright.hsm.inventory import JournalEntry
from cardwright.hsm.port import SecurityModule, Signatures
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.station.outbox import Outbox
from cardwright.station.signing import FactSigner
from services.keymanagement.reporter import JournalError, Reporter

KEY = SigningKey(bytes(32))


def entry(number: int, key_id: str = "acme/CVK#1", change: str = "generated") -> JournalEntry:
    return JournalEntry(
        number, bytes([number]) * 32, key_id, change, "active", "cvk", "TDES-112", b"kcv", "test",
        "acme", ("anna", "boris"), b"m" * 32,
    )  # fmt: skip


class Module:
    """Tells a journal, and signs."""

    def __init__(self, entries: Iterable[JournalEntry]) -> None:
        self.entries = list(entries)

    async def journal(self, after: int, limit: int = 500) -> list[JournalEntry]:
        return self.entries[after : after + limit]

    async def sign(self, payloads: list[bytes]) -> Signatures:
        return Signatures("sign/k#1", tuple(KEY.sign(each).signature for each in payloads))


class Bus:
    """Keeps what was sent, or is away."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.away = False

    async def send(self, messages: Iterable[Outbound]) -> None:
        if self.away:
            raise ConnectionError
        self.sent += messages


@pytest.fixture
async def pool(server: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
    owner = await asyncpg.connect(server.dsn("cardwright_keymanagement"))
    await owner.execute("TRUNCATE work, journal_entry, key_stream")
    await owner.close()
    dsn = server.dsn("cardwright_keymanagement", "cw_keymanagement", "test")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=3) as made:
        yield made


def reporter(pool: asyncpg.Pool[asyncpg.Record], module: Module, bus: Bus) -> Reporter:
    signer = FactSigner(cast("SecurityModule", module), "keymanagement", "site-1")
    outbox = Outbox(signer, cast("Producer", bus), "keymanagement.site-1")
    return Reporter(pool, cast("SecurityModule", module), signer, outbox)


async def test_each_entry_is_stated_once_in_its_keys_stream(
    pool: asyncpg.Pool[asyncpg.Record],
) -> None:
    module, bus = Module([entry(1), entry(2, "acme/PVK#1")]), Bus()
    under_test = reporter(pool, module, bus)
    assert await under_test.report() == 2
    assert await under_test.report() == 0
    module.entries.append(entry(3, change="activated"))
    assert await reporter(pool, module, bus).report() == 1  # after a restart
    facts = [decode_fact_message(message.value).fact for message in bus.sent]
    bodies = [fact.body for fact in facts if isinstance(fact.body, KeyChanged)]
    assert [(body.entry, body.key_id, body.change) for body in bodies] == [
        (1, "acme/CVK#1", "generated"),
        (2, "acme/PVK#1", "generated"),
        (3, "acme/CVK#1", "activated"),
    ]
    first, other, third = (fact.stream_id for fact in facts)
    assert first == third != other
    assert first[14] == "7"  # a UUIDv7
    assert bodies[0].custodians == ("anna", "boris")
    assert bodies[0].entry_hash == entry(1).hash


async def test_what_the_bus_did_not_take_waits_for_the_station(
    pool: asyncpg.Pool[asyncpg.Record],
) -> None:
    bus = Bus()
    bus.away = True
    under_test = reporter(pool, Module([entry(1)]), bus)
    with pytest.raises(ConnectionError):
        await under_test.report()
    bus.away = False
    assert await under_test.report() == 0
    assert await pool.fetchval("SELECT count(*) FROM work WHERE state = 'answered'") == 1


@pytest.mark.parametrize("left", [[], [entry(1)], [entry(1), replace(entry(2), hash=bytes(32))]])
async def test_a_journal_that_was_cut_or_written_anew_is_told(
    pool: asyncpg.Pool[asyncpg.Record], left: list[JournalEntry]
) -> None:
    module = Module([entry(1), entry(2)])
    under_test = reporter(pool, module, Bus())
    await under_test.report()
    module.entries = left
    with pytest.raises(JournalError) as caught:
        await under_test.report()
    assert caught.value.code == "JOURNAL_REWRITTEN"
