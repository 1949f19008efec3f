"""What waits for a person, and what the person's word does: through the command, as they speak."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from cardwright.bus import Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import facts
from cardwright.card import Card, Operation, Status
from cardwright.card.events import Inspected
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.issuer.rows import AccountRow, CardholderRow, RequestRow
from cardwright.line.layout import SITE
from cardwright.secret import SecretText
from cardwright.station.signing import FactSigner, Statement
from tests.e2e.command import Said, cardwright
from tests.e2e.people import debit
from tests.support.line import LineUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_waived_anomaly_lets_the_card_be_made(line: LineUnderTest) -> None:
    row = debit(express=True)
    nobody = CardholderRow.model_validate({"surname": "Ŋaliŧuk", "given_names": "Ŋaliŧuk"})
    card = await submitted(line, row.model_copy(update={"cardholder": nobody}), is_exception)
    assert card.code == "NAME_CHARACTER"
    assert card.card_id in await waiting_cases(line)
    await command(line, "exception", "resolve", card.card_id, "continue")
    ended = await until_card(line, card.card_id, is_terminal)
    assert (ended.status, ended.waived) == (Status.DISPATCHED, ("NAME_CHARACTER",))
    assert card.card_id not in await waiting_cases(line)


async def test_a_refused_anomaly_ends_the_card(line: LineUnderTest) -> None:
    far = AccountRow.model_validate({"expiry": "8912"})
    row = debit(express=True).model_copy(update={"account": far})
    card = await submitted(line, row, is_exception)
    assert card.code == "EXPIRY_FAR"
    name = f"aurora-bank:{row.request_id}"
    await command(line, "exception", "resolve", name, "refuse", "--reason", "too far")
    assert (await until_card(line, card.card_id, is_terminal)).status is Status.REFUSED
    assert made_of(line, card) == 0


async def test_a_held_card_stops_before_its_next_step_until_it_is_released(
    line: LineUnderTest,
) -> None:
    async with paused(line, "printing"):
        card = await submitted(line, debit(express=True), at_the_printer)
        await command(line, "card", "hold", card.card_id, "--reason", "suspicion")
        await until_card(line, card.card_id, lambda c: c.held)
    stopped = await until_card(line, card.card_id, lambda c: c.due is Operation.ENCODE)
    assert stopped.status is Status.HELD
    assert await shown(line, card) == "CARD_STATE_HELD"
    await command(line, "card", "release", card.card_id)
    assert (await until_card(line, card.card_id, is_terminal)).status is Status.DISPATCHED


async def test_a_revoked_card_is_destroyed_and_never_leaves(line: LineUnderTest) -> None:
    async with paused(line, "encoding"):
        card = await submitted(line, debit(express=True), lambda c: c.due is Operation.ENCODE)
        await command(line, "card", "revoke", card.card_id)
        await until_card(line, card.card_id, lambda c: c.revoking)
    assert (await until_card(line, card.card_id, is_terminal)).status is Status.REVOKED
    assert not (line.layout.floor / "output" / f"{card.card_id}-1").exists()
    assert (line.layout.floor / "destroyed" / f"{card.card_id}-1").exists()


async def test_a_true_fact_that_does_not_fit_parks_its_card(line: LineUnderTest) -> None:
    async with paused(line, "printing"):
        card = await submitted(line, debit(express=True), at_the_printer)
        await state_as(line, "qa", card, Inspected("NO-SUCH-BLANK", passed=True))
        parked = await until_card(line, card.card_id, lambda c: c.parked)
        assert (parked.status, parked.code) == (Status.PARKED, "FACT_OUT_OF_PLACE")
        assert card.card_id in await waiting_cases(line)
        await command(line, "card", "release", card.card_id)
        await until_card(line, card.card_id, lambda c: not c.parked)
    assert (await until_card(line, card.card_id, is_terminal)).status is Status.DISPATCHED
    assert made_of(line, card) == 1


async def test_a_command_about_nothing_says_so(line: LineUnderTest) -> None:
    said = await cardwright("card", "hold", "aurora-bank:no-such-request", state=line.layout.root)
    assert said.status == 1
    assert said.errors.startswith("CARD_UNKNOWN: ")


def is_exception(card: Card) -> bool:
    return card.status is Status.EXCEPTION


def is_terminal(card: Card) -> bool:
    return card.status.terminal


def at_the_printer(card: Card) -> bool:
    return card.due is Operation.PRINT


async def submitted(
    line: LineUnderTest,
    row: RequestRow,
    condition: Callable[[Card], bool],
    issuer: str = "aurora-bank",
) -> Card:
    """Submit a request and wait for its card to be as wanted."""
    await line.submit({issuer: [row]})

    def of_row(card: Card) -> bool:
        return card.request_id == row.request_id and condition(card)

    cards = await line.until(lambda cards: any(map(of_row, cards)), 30, row.request_id)
    return next(card for card in cards.values() if of_row(card))


async def until_card(line: LineUnderTest, card_id: str, condition: Callable[[Card], bool]) -> Card:
    def of_card(card: Card) -> bool:
        return card.card_id == card_id and condition(card)

    return (await line.until(lambda cards: any(map(of_card, cards)), 30, card_id))[card_id]


async def command(line: LineUnderTest, *words: str) -> Said:
    said = await cardwright(*words, state=line.layout.root)
    assert said.status == 0, said.errors
    return said


async def waiting_cases(line: LineUnderTest) -> set[str]:
    """Return the cards that the command lists as waiting for a person."""
    said = await command(line, "exception", "list", "--json")
    return {card["card_id"] for card in said.json}


async def shown(line: LineUnderTest, card: Card) -> Any:
    return (await command(line, "card", "show", card.card_id, "--json")).json["state"]


@contextlib.asynccontextmanager
async def paused(line: LineUnderTest, service: str) -> AsyncIterator[None]:
    """Let a service stand still, so that what waits for it stays where it is."""
    line.kill(service, signal.SIGSTOP)
    try:
        yield
    finally:
        line.kill(service, signal.SIGCONT)


async def state_as(line: LineUnderTest, station: str, card: Card, body: Inspected) -> None:
    """Let a station state something out of place about a card, properly signed."""
    hsm = f"127.0.0.1:{line.layout.ports()['hsm']}"
    token = SecretText(line.layout.token_file(station).read_text().strip())
    async with (
        GrpcSecurityModule(hsm, token) as module,
        Producer(line.line.bootstrap, client_id="e2e") as producer,
    ):
        statement = Statement(f"{card.order_id}.e2e", card.card_id, card.order_id, body)
        [message] = await FactSigner(module, station, SITE).sign([statement])
        made = headers("cardwright.fact.v1", f"{station}.{SITE}", statement.fact_id)
        await producer.send([Outbound(facts(express=True), card.card_id, message, made)])


def made_of(line: LineUnderTest, card: Card) -> int:
    """Return how many blanks the printers printed for a card."""
    acts = [act for device in ("printer-1", "printer-2") for act in line.acts(device)]
    return sum(act.act == "print" and act.card.startswith(card.card_id) for act in acts)
