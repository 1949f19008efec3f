"""A badge, from the request to the door: its number is the one that its issuer was told."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any

import pytest

from cardwright.card import Card, Status
from cardwright.cli.made import take
from cardwright.door import DoorReader, Number, Site
from cardwright.reader import InProcessCard
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keystore import KEYSTORE_FILE, load_keystore
from services.keymanagement.module.provision import PASSPHRASE_FILE
from tests.e2e.command import cardwright
from tests.e2e.people import badge
from tests.e2e.test_exceptions import is_terminal, submitted
from tests.support.line import LineUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORKS = "borealis-works"
BADGE = bytes.fromhex("F0434152445702")
NUMBER = "00B201AC00"  # READ RECORD of the file for readers that prove themselves


async def test_the_door_learns_the_number_that_the_issuer_was_told(line: LineUnderTest) -> None:
    cards = [await submitted(line, badge(express=True), is_terminal, WORKS) for _ in range(2)]
    assert [card.status for card in cards] == [Status.DISPATCHED] * 2
    told = [await issued(line, card) for card in cards]
    assert told[1]["number"] == told[0]["number"] + 1
    for card, credential in zip(cards, told, strict=True):
        assert (credential["format"], credential["facility"]) == ("H10301", 118)
        found = at_the_door(line, card)
        assert (found.facility, found.card) == (credential["facility"], credential["number"])


async def test_nobody_else_reads_it(line: LineUnderTest) -> None:
    card = await submitted(line, badge(express=True), is_terminal, WORKS)
    select = f"00A40400{len(BADGE):02X}{BADGE.hex()}"
    said = await cardwright("chip", "apdu", card.card_id, select, NUMBER, state=line.layout.root)
    assert said.status == 0, said.errors
    assert "6982" in said.output


async def issued(line: LineUnderTest, card: Card) -> dict[str, Any]:
    """What the issuer was told of a card's access number."""
    async with aclosing(line.issuers[WORKS].outcomes()) as outcomes:
        async for received in outcomes:
            if received.outcome.card_id == card.card_id and received.issued_values:
                told: dict[str, Any] = json.loads(received.issued_values.reveal())
                return told["credential"]  # type: ignore[no-any-return]  # JSON of the bureau
    raise AssertionError("outcomes have no end")


def at_the_door(line: LineUnderTest, card: Card) -> Number:
    """Take the badge out of the output tray to a door of its issuer."""
    site = Site(BADGE, _master(line), b"DOORS", "H10301")
    with take(line.layout.floor, card.card_id) as made:
        return DoorReader(site).read(InProcessCard(made.chip))


def _master(line: LineUnderTest) -> SecretBytes:
    """The doors' key, which this line's own issuer would have given them: a test key."""
    folder = line.layout.keys
    passphrase = SecretText((folder / PASSPHRASE_FILE).read_text().strip())
    keys = load_keystore(folder / KEYSTORE_FILE, passphrase)
    return next(value for key, value in keys.items() if key.label == f"{WORKS}/BADGE")
