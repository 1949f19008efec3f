"""Keys while cards are made: rotations that nobody notices, a compromise that stops its cards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.card import Card, Operation, Status
from cardwright.card.events import KeyChanged, KeysDerived
from cardwright.localstack.choose import Stack
from tests.e2e.command import cardwright
from tests.e2e.conftest import load_blanks
from tests.e2e.people import debit
from tests.e2e.test_exceptions import is_terminal, paused, submitted, until_card
from tests.support.line import LineUnderTest, line_under_test

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

BOTH = ("--test-custodians", "--by", "anna", "--by", "boris", "--json")
MASTER = "aurora-bank/IMK-AC"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(stack: Stack, own_folder: Path) -> AsyncIterator[LineUnderTest]:
    """A line whose keys nobody else uses."""
    async with line_under_test(own_folder, stack) as running:
        await load_blanks(running)
        yield running


async def made(line: LineUnderTest) -> Card:
    """Have a card made, to its end."""
    card = await submitted(line, debit(express=True), is_terminal)
    assert card.status is Status.DISPATCHED
    return card


async def masters_of(line: LineUnderTest, card: Card) -> set[str]:
    events = [event for event in await line.events() if event.stream_id == card.card_id]
    bodies = [event.fact.body for event in events if isinstance(event.fact.body, KeysDerived)]
    return {key.master for body in bodies for key in body.keys}


async def test_the_journal_is_in_the_log(line: LineUnderTest) -> None:
    said = await cardwright("keys", "list", "--json", state=line.layout.root)
    assert said.status == 0, said.errors
    listed = {line.split('"key": "')[1].split('"')[0] for line in said.output.splitlines()}

    async def stated() -> set[str]:
        bodies = [event.fact.body for event in await line.events()]
        return {body.key_id for body in bodies if isinstance(body, KeyChanged)}

    async with asyncio.timeout(30):
        while await stated() != listed:  # noqa: ASYNC110  # the log is asked, nobody tells
            await asyncio.sleep(0.2)


async def test_rotations_stop_nothing(line: LineUnderTest) -> None:
    before = await made(line)
    for label in (MASTER, "section/keys", "sign/keymanagement.site-1"):
        said = await cardwright("keys", "rotate", label, *BOTH, state=line.layout.root)
        assert said.status == 0, said.errors
    after = await made(line)
    assert f"{MASTER}#1" in await masters_of(line, before)
    assert f"{MASTER}#2" in await masters_of(line, after)
    signers = {
        event.received.signer for event in await line.events() if event.stream_id == after.card_id
    }
    assert "sign/keymanagement.site-1#2" in signers


async def test_a_compromise_holds_what_is_here_and_lists_what_is_gone(line: LineUnderTest) -> None:
    gone = await made(line)
    async with paused(line, "printing"):
        here = await submitted(line, debit(express=True), lambda c: c.due is Operation.PRINT)
        said = await cardwright(
            "keys", "compromise", f"{MASTER}#2", *BOTH, "--reason", "a test", state=line.layout.root
        )
        assert said.status == 0, said.errors
        listed = said.json
        assert listed["held"] == [here.card_id]
        assert {gone.card_id, here.card_id} <= set(listed["reissue"])
        assert (await until_card(line, here.card_id, lambda c: c.held)).status is Status.HELD
    written = line.layout.output / "compromised" / "aurora-bank-IMK-AC#2.json"
    assert written.exists()
    again = await made(line)
    # The version before was not compromised, and its overlap goes on.
    assert f"{MASTER}#1" in await masters_of(line, again)


async def test_one_custodian_alone_changes_nothing(line: LineUnderTest) -> None:
    alone = ("--test-custodians", "--by", "anna", "--by", "anna", "--json")
    said = await cardwright("keys", "destroy", "aurora-bank/PVK#1", *alone, state=line.layout.root)
    assert said.status == 0
    assert said.json["approvals"] == ["anna"]
    shown = await cardwright("keys", "show", "aurora-bank/PVK#1", "--json", state=line.layout.root)
    assert shown.json["state"] == "active"


async def test_the_journal_and_its_minutes_verify(line: LineUnderTest) -> None:
    said = await cardwright("keys", "verify", "--json", state=line.layout.root)
    assert said.status == 0, said.errors
    assert said.json["ceremonies"] == 4
    audited = await cardwright("audit", "verify", "--json", state=line.layout.root)
    assert audited.json["verdict"] == "intact", audited.output
