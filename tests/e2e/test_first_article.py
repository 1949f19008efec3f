"""A first article, from the request to its box: it pays before it leaves, as no other card does."""

from __future__ import annotations

from typing import Any

import pytest

from cardwright.card import Card, Status
from cardwright.card.events import Inspected
from cardwright.issuer.rows import RequestRow
from tests.e2e.command import cardwright
from tests.e2e.people import debit
from tests.support.line import LineUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_test_card_pays_before_it_leaves_and_a_customers_card_never(
    line: LineUnderTest,
) -> None:
    customers = await made(line, debit(express=True))
    article = await made(line, debit(express=True).model_copy(update={"test_card": True}))
    assert article.test_card
    verdict = await inspected(line, article)
    assert (verdict.passed, verdict.transaction) == (True, "TRANSACTION_APPROVED_ONLINE")
    # One transaction by the contacts, one reading over the antenna; none of a customer's.
    assert verdict.atc == 2
    read_only = await inspected(line, customers)
    assert (read_only.atc, read_only.transaction) == (0, "")
    # What the machines did, by their own ledgers.
    assert [act.result for act in paid(line, article)][:1] == ["ended"]
    assert paid(line, customers) == []
    # A box of its own.
    assert article.sscc != customers.sscc
    assert all(card.sscc != article.sscc or card.test_card for card in await cards(line))

    told = await pay(line, article)
    assert (told["outcome"], told["issuer"]) == ("approved", "the cryptogram is genuine")
    assert told["offline_authentication"] == {"method": "CDA", "result": "OK"}
    assert told["atc"] == verdict.atc + 1
    refused = await cardwright("chip", "pay", customers.card_id, state=line.layout.root)
    assert refused.status == 1
    assert refused.errors.startswith("NOT_A_TEST_CARD: ")


async def made(line: LineUnderTest, row: RequestRow) -> Card:
    """Have a card made, and see it leave."""
    await line.submit({"aurora-bank": [row]})

    def ended(card: Card) -> bool:
        return card.request_id == row.request_id and card.status.terminal

    cards = await line.until(lambda cards: any(map(ended, cards)), 50, row.request_id)
    card = next(card for card in cards.values() if ended(card))
    assert card.status is Status.DISPATCHED
    return card


async def inspected(line: LineUnderTest, card: Card) -> Inspected:
    """What inspection stated of it."""
    [fact] = [
        event.fact.body
        for event in await line.events()
        if event.stream_id == card.card_id and isinstance(event.fact.body, Inspected)
    ]
    return fact


def paid(line: LineUnderTest, card: Card) -> list[Any]:
    """The transactions that the inspector let a card make."""
    acts = line.acts("inspector-1")
    return [act for act in acts if act.act == "transaction" and act.card.startswith(card.card_id)]


async def cards(line: LineUnderTest) -> list[Card]:
    return list((await line.cards()).values())


async def pay(line: LineUnderTest, card: Card) -> Any:
    """Take it to the terminal by hand."""
    said = await cardwright("chip", "pay", card.card_id, "--json", state=line.layout.root)
    assert said.status == 0, said.errors
    return said.json
