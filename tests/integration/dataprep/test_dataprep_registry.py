from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import asyncpg
import pytest
import pytest_asyncio

from cardwright.card.events import ExceptionOpened, Prepared
from cardwright.hsm.port import SecurityModule
from cardwright.localstack.ports import free_port
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.proto.vault.v1.sections_pb2 import KeysSection
from cardwright.station.ports import Transaction
from services.dataprep.adapters.registry import PostgresRegistry
from services.dataprep.handlers import PrepareDesk
from services.dataprep.ports import Allocation, Claim, Wanted, WantedCredential
from tests.unit.dataprep.fakes import (
    TODAY,
    FakeModule,
    MemoryVault,
    badge_request,
    catalogue,
    order,
    sensitive,
)

MIGRATIONS = Path(__file__).parents[3] / "services/dataprep/migrations"
PASSWORD = "a password of this test"
REGISTRY = PostgresRegistry()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A directory that a server under another account can enter, which tmp_path is not."""
    directory = Path(tempfile.mkdtemp(prefix="cardwright-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres(state: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(state / "postgres", free_port())
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def pool(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Pool]:
    """Connections in the role of the service, to a database of this test's own."""
    database = f"dataprep_{uuid.uuid4().hex}"
    owner = await asyncpg.connect(postgres.dsn())
    if not await owner.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'cw_dataprep'"):
        await owner.execute(f"CREATE ROLE cw_dataprep LOGIN PASSWORD '{PASSWORD}'")
    await owner.execute(f"CREATE DATABASE {database}")
    await owner.close()
    owner = await asyncpg.connect(postgres.dsn(database))
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        await owner.execute(migration.read_text(encoding="utf-8"))
    await owner.close()
    dsn = postgres.dsn(database, "cw_dataprep", PASSWORD)
    async with asyncpg.create_pool(dsn, min_size=2, max_size=4) as connections:
        yield connections


def _card() -> str:
    return str(uuid.uuid4())


def _wanted(card_id: str, *, issuer: str = "bank", number: bool = True) -> Wanted:
    return Wanted(card_id, issuer, number, "00", "2911")


async def _allocate(pool: asyncpg.Pool, wanted: list[Wanted]) -> dict[str, Allocation]:
    async with pool.acquire() as tx, tx.transaction():
        return await REGISTRY.allocate(tx, wanted)


async def _claim(pool: asyncpg.Pool, claims: list[Claim]) -> set[str]:
    async with pool.acquire() as tx, tx.transaction():
        return await REGISTRY.claim(tx, claims)


async def test_indices_have_no_gap_and_no_double(pool: asyncpg.Pool) -> None:
    batches = [[_wanted(_card()) for _ in range(7)] for _ in range(3)]
    given = [item for batch in batches for item in (await _allocate(pool, batch)).values()]
    assert sorted(item.index for item in given if item.index is not None) == list(range(21))


async def test_a_card_keeps_what_it_got(pool: asyncpg.Pool) -> None:
    old, new = _card(), _card()
    first = await _allocate(pool, [_wanted(old)])
    later = Wanted(old, "bank", number=True, sequence_number="07", expiry="3001")
    second = await _allocate(pool, [_wanted(new), later])
    assert second[old] == first[old] == Allocation(0, "00", "2911")
    assert second[new].index == 1


async def test_issuers_count_apart_and_brought_numbers_do_not_count(pool: asyncpg.Pool) -> None:
    cards = [_card() for _ in range(5)]
    given = await _allocate(
        pool,
        [
            _wanted(cards[0], issuer="one"),
            _wanted(cards[1], issuer="two"),
            _wanted(cards[2], issuer="one", number=False),
            _wanted(cards[3], issuer="one"),
            _wanted(cards[4], issuer="three", number=False),
        ],
    )
    assert {given[cards[0]].index, given[cards[3]].index} == {0, 1}
    assert given[cards[1]].index == 0
    assert given[cards[2]].index is given[cards[4]].index is None


async def test_batches_side_by_side_share_no_index(pool: asyncpg.Pool) -> None:
    issuers = ["one", "two", "three"]
    batches = [
        [_wanted(_card(), issuer=issuer) for issuer in order for _ in range(5)]
        for order in (issuers, issuers[::-1], issuers[1:] + issuers[:1])
    ]
    given = await asyncio.gather(*(_allocate(pool, batch) for batch in batches))
    indices: dict[str, list[int]] = {issuer: [] for issuer in issuers}
    for batch, result in zip(batches, given, strict=True):
        for item in batch:
            index = result[item.card_id].index
            assert index is not None
            indices[item.issuer].append(index)
    assert all(sorted(found) == list(range(15)) for found in indices.values())


async def test_a_rolled_back_batch_takes_nothing(pool: asyncpg.Pool) -> None:
    card = _card()
    async with pool.acquire() as tx:
        attempt = tx.transaction()
        await attempt.start()
        await REGISTRY.allocate(tx, [_wanted(card), _wanted(_card())])
        await attempt.rollback()
    assert (await _allocate(pool, [_wanted(card)]))[card].index == 0


def _badge(
    card_id: str, first: int = 1000, last: int = 1009, facility: int = 118
) -> WantedCredential:
    return WantedCredential(card_id, "works", "H10301", facility, first, last)


async def _numbers(pool: asyncpg.Pool, wanted: list[WantedCredential]) -> dict[str, int]:
    async with pool.acquire() as tx, tx.transaction():
        return await REGISTRY.credentials(tx, wanted)


async def test_a_badge_keeps_its_number_and_no_other_gets_it(pool: asyncpg.Pool) -> None:
    cards = sorted(_card() for _ in range(4))
    first = await _numbers(pool, [_badge(card) for card in cards[:2]])
    assert first == {cards[0]: 1000, cards[1]: 1001}
    again = await _numbers(pool, [_badge(card) for card in cards])
    assert again == first | {cards[2]: 1002, cards[3]: 1003}


async def test_a_range_ends_and_may_be_made_longer(pool: asyncpg.Pool) -> None:
    cards = sorted(_card() for _ in range(12))
    given = await _numbers(pool, [_badge(card) for card in cards])
    assert given == {card: 1000 + at for at, card in enumerate(cards[:10])}
    assert await _numbers(pool, [_badge(card) for card in cards[10:]]) == {}
    longer = await _numbers(pool, [_badge(card, last=1999) for card in cards])
    assert {longer[card] for card in cards[:10]} == set(range(1000, 1010))
    # Numbers that were asked for in vain stay unused.
    assert {longer[card] for card in cards[10:]} == {1014, 1015}


async def test_a_moved_range_gives_no_number_again(pool: asyncpg.Pool) -> None:
    old = sorted(_card() for _ in range(3))
    assert set((await _numbers(pool, [_badge(card) for card in old])).values()) == {
        1000,
        1001,
        1002,
    }
    lower, elsewhere, higher = _card(), _card(), _card()
    assert await _numbers(pool, [_badge(lower, first=900)]) == {lower: 1003}
    assert await _numbers(pool, [_badge(elsewhere, facility=119)]) == {elsewhere: 1000}
    assert await _numbers(pool, [_badge(higher, first=5000, last=5009)]) == {higher: 5000}
    # A card whose number is no longer in the range gets another one, and keeps both.
    assert await _numbers(pool, [_badge(old[0], first=5000, last=5009)]) == {old[0]: 5001}
    assert await _numbers(pool, [_badge(old[0])]) == {old[0]: 1000}


async def test_batches_of_badges_side_by_side_share_no_number(pool: asyncpg.Pool) -> None:
    batches = [[_badge(_card(), last=9999) for _ in range(20)] for _ in range(4)]
    given = await asyncio.gather(*(_numbers(pool, batch) for batch in batches))
    assert sorted(n for batch in given for n in batch.values()) == list(range(1000, 1080))


async def test_an_account_belongs_to_one_card(pool: asyncpg.Pool) -> None:
    first, second, third = _card(), _card(), _card()
    digest = bytes(range(32))
    mine, theirs = (Claim(card, digest, "01", "2911") for card in (first, second))
    renewed = Claim(third, digest, "01", "3211")
    assert await _claim(pool, [mine, theirs, renewed]) == {first, third}
    assert await _claim(pool, [theirs]) == set()
    assert await _claim(pool, [mine, renewed]) == {first, third}


async def test_of_two_claims_at_once_one_wins(pool: asyncpg.Pool) -> None:
    digests = [bytes([n]) * 32 for n in range(20)]
    batches = [
        [Claim(_card(), digest, "00", "2911") for digest in order]
        for order in (digests, digests[::-1])
    ]
    won = await asyncio.gather(*(_claim(pool, batch) for batch in batches))
    held = [
        item.pan_digest
        for batch, winners in zip(batches, won, strict=True)
        for item in batch
        if item.card_id in winners
    ]
    assert sorted(held) == digests


async def test_a_case_is_opened_once(pool: asyncpg.Pool) -> None:
    card = _card()
    async with pool.acquire() as tx, tx.transaction():
        await REGISTRY.open_cases(tx, {card: "NAME_CHARACTER"})
        await REGISTRY.open_cases(tx, {card: "NAME_CHARACTER"})
        await REGISTRY.open_cases(tx, {card: "EXPIRY_FAR"})
        await REGISTRY.open_cases(tx, {})
    assert await pool.fetchval("SELECT count(*) FROM exception_case") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM live_card",
        "UPDATE allocation SET range_index = 0",
        "DROP TABLE pan_counter",
        "DELETE FROM credential",
    ],
)
async def test_the_service_may_not_rewrite_what_it_gave(pool: asyncpg.Pool, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)


async def test_a_batch_that_was_rolled_back_can_be_prepared_again(pool: asyncpg.Pool) -> None:
    vault, module = MemoryVault(), cast("SecurityModule", FakeModule())
    desk = PrepareDesk(catalogue(), vault, module, REGISTRY, lambda: TODAY)
    account = {"pan": "9999990000000006"}
    bad_name = {"surname": "\u674e", "given_names": "Ana"}
    requests = [
        sensitive("request-1"),
        sensitive("request-2", account=account),
        sensitive("request-3", account=account),
        sensitive("request-4", cardholder=bad_name),
        badge_request("request-5"),
    ]
    orders = [order(request) for request in requests]
    vault.sections["request"] = {
        asked.card_id: request.SerializeToString()
        for asked, request in zip(orders, requests, strict=True)
    }
    async with pool.acquire() as tx:
        attempt = tx.transaction()
        await attempt.start()
        await desk.handle(orders, tx)
        await attempt.rollback()
    answers = []
    for _ in range(2):
        async with pool.acquire() as tx, tx.transaction():
            answers.append([answer.body for answer in await desk.handle(orders, tx)])
    assert answers[0] == answers[1]
    assert [(type(body), getattr(body, "code", "")) for body in answers[0]] == [
        (Prepared, ""),
        (Prepared, ""),
        (ExceptionOpened, "PAN_IN_USE"),
        (ExceptionOpened, "NAME_CHARACTER"),
        (Prepared, ""),
    ]
    cases = await pool.fetch("SELECT code FROM exception_case ORDER BY code")
    assert [row["code"] for row in cases] == ["NAME_CHARACTER", "PAN_IN_USE"]


async def test_no_account_number_is_in_the_database(pool: asyncpg.Pool) -> None:
    vault, module = MemoryVault(), cast("SecurityModule", FakeModule())
    desk = PrepareDesk(catalogue(), vault, module, REGISTRY, lambda: TODAY)
    requests = [sensitive("request-1"), sensitive("request-2", account={"pan": "9999990000000006"})]
    orders = [order(request) for request in requests]
    vault.sections["request"] = {
        asked.card_id: request.SerializeToString()
        for asked, request in zip(orders, requests, strict=True)
    }
    async with pool.acquire() as tx, tx.transaction():
        await desk.handle(orders, tx)
    pans = [KeysSection.FromString(keys).diversifier for keys in vault.sections["keys"].values()]
    assert len(pans) == 2
    tables = ("pan_counter", "allocation", "live_card", "exception_case")
    rows = [row for table in tables for row in await pool.fetch(f"SELECT t::text FROM {table} t")]
    assert len(rows) == 5
    assert not any(pan[6:15] in row["t"] for pan in pans for row in rows)


async def test_empty_batches_cost_nothing() -> None:
    class Untouchable:
        pass

    tx: Transaction = Untouchable()  # type: ignore[assignment]  # no statement may be sent
    assert await REGISTRY.allocate(tx, []) == {}
    assert await REGISTRY.claim(tx, []) == set()
