"""A card's data are destroyed on a running line: on demand, for every backup, and provably."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from cardwright.card import Card
from cardwright.card.events import Erased
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.databases import database_of
from cardwright.line.layout import SITE
from cardwright.localstack.choose import Stack
from cardwright.localstack.waiting import until
from cardwright.secret import SecretText
from cardwright.vault.vault import SECTIONS, Opened, Vault
from services.keymanagement.module.policy import GRANTS
from tests.e2e.command import cardwright
from tests.e2e.conftest import load_blanks
from tests.e2e.people import badge, debit
from tests.support.line import LineUnderTest, line_under_test

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

Copies = Mapping[str, bytes]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(own_folder: Path, stack: Stack) -> AsyncIterator[LineUnderTest]:
    async with line_under_test(own_folder, stack) as running:
        await load_blanks(running)
        await running.submit(
            {"aurora-bank": [debit(), debit()], "borealis-works": [badge(), badge()]}
        )
        await running.until_ended(4, within=120)
        yield running


async def test_a_card_is_erased_on_demand_and_nothing_of_it_comes_back(line: LineUnderTest) -> None:
    erased, kept = two_debit_cards(await line.cards())
    before = await sections_of(line, erased)
    assert {"request", "print", "chip", "keys", "chip_keys"} <= before
    backup = await backed_up(line)
    root = line.layout.root

    said = await cardwright("card", "erase", erased, "--reason", "test", state=root)
    assert said.status == 0, said.errors
    await until_erased(line, erased, 1)
    (fact,) = await erasures(line, erased)
    assert (set(fact.sections), fact.cause) == (before, "request")
    assert await sections_of(line, erased) == set()
    assert await sections_of(line, kept) == await sections_of(line, kept, table="key") != set()

    await restored(line, backup, erased)
    assert await sections_of(line, erased) == before, "the backup holds its rows"
    await nobody_opens(line, erased)
    assert await somebody_opens(line, kept)

    said = await cardwright("audit", "erasures", "--json", state=root)
    assert [finding["code"] for finding in said.json["findings"]] == ["ERASURE_DATA_LEFT"]
    said = await cardwright("card", "erase", erased, "--reason", "again", state=root)
    await until_erased(line, erased, 2)
    assert await sections_of(line, erased) == set()
    said = await cardwright("audit", "erasures", "--json", state=root)
    assert said.json["findings"] == []
    assert (said.status, said.json["reports"]) == (0, 2)


async def test_custody_verifies_afterwards_and_tells_of_it(line: LineUnderTest) -> None:
    erased, _ = two_debit_cards(await line.cards())
    root = line.layout.root
    said = await cardwright("audit", "verify", "--json", state=root)
    assert (said.status, said.json["verdict"]) == (0, "intact")
    said = await cardwright("card", "custody", erased, "--json", state=root)
    (entry, *_) = [entry for entry in said.json if entry["kind"] == "erased"]
    assert entry["signer"].startswith(f"sign/retention.{SITE}#")


async def test_a_killed_retention_loses_no_command(line: LineUnderTest) -> None:
    _, card = two_debit_cards(await line.cards())
    line.kill("retention")
    said = await cardwright("card", "erase", card, state=line.layout.root)
    assert said.status == 0, said.errors
    line.kill("retention")
    await until_erased(line, card, 1)
    assert await sections_of(line, card) == set()


def two_debit_cards(cards: Mapping[str, Card]) -> list[str]:
    return sorted(card.card_id for card in cards.values() if card.product == "emv-debit")[:2]


async def erasures(line: LineUnderTest, card: str) -> list[Erased]:
    own = [event.fact.body for event in await line.events() if event.stream_id == card]
    return [body for body in own if isinstance(body, Erased)]


async def until_erased(line: LineUnderTest, card: str, times: int) -> None:
    async def stated() -> bool:
        return len(await erasures(line, card)) >= times

    await until(stated, 60, "the erasure is logged")


async def sections_of(line: LineUnderTest, card: str, table: str = "section") -> set[str]:
    """The sections that hold rows (or keys) of a card, as the superuser finds them."""
    database = {"section": "vault", "key": "datakeys"}[table]
    db = await asyncpg.connect(line.line.superuser_dsn(database_of(database)))
    found = set()
    for section in SECTIONS:
        query = f"SELECT 1 FROM {table}_{section} WHERE card_id = $1 LIMIT 1"
        if await db.fetchval(query, card):
            found.add(section)
    await db.close()
    return found


async def backed_up(line: LineUnderTest) -> Copies:
    """What a dump of the vault's database holds."""
    db = await asyncpg.connect(line.line.superuser_dsn(database_of("vault")))
    copies = {}
    for section in SECTIONS:
        output = io.BytesIO()
        await db.copy_from_table(f"section_{section}", output=output, format="binary")
        copies[section] = output.getvalue()
    await db.close()
    return copies


async def restored(line: LineUnderTest, copies: Copies, card: str) -> None:
    """Put a card's rows back from the dump."""
    db = await asyncpg.connect(line.line.superuser_dsn(database_of("vault")))
    for section, octets in copies.items():
        await db.execute(f"CREATE TEMPORARY TABLE old_{section} (LIKE section_{section})")
        await db.copy_to_table(
            f"old_{section}", schema_name="pg_temp", source=io.BytesIO(octets), format="binary"
        )
        await db.execute(
            f"INSERT INTO section_{section} SELECT * FROM old_{section} WHERE card_id = $1", card
        )
    await db.close()


async def nobody_opens(line: LineUnderTest, card: str) -> None:
    """Every token that the module knows, with full access to both databases, opens nothing."""
    for role, grant in GRANTS.items():
        for section in grant.sections & set(SECTIONS):
            assert await opened_by(line, role, section, card) == Opened({}), (role, section)


async def somebody_opens(line: LineUnderTest, card: str) -> bool:
    return card in (await opened_by(line, "printing", "print", card)).cards


async def opened_by(line: LineUnderTest, role: str, section: str, card: str) -> Opened:
    address = f"127.0.0.1:{line.layout.ports()['hsm']}"
    token = SecretText(line.layout.token_file(role).read_text().strip())
    rows, keys = (
        SecretText(line.line.superuser_dsn(database_of(name))) for name in ("vault", "datakeys")
    )
    async with GrpcSecurityModule(address, token) as module:
        vault = await Vault.connect(rows, keys, module, connections=1)
        try:
            return await vault.open(section, [card])
        finally:
            await vault.close()
