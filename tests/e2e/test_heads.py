"""Heads of a running line: with a PC/SC reader and a swipe encoder, with a vpcd, and a worn one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import pytest_asyncio

from cardwright.card.state import Status
from cardwright.driver import DeviceConnection
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import Stack
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.reader import readers
from tests.e2e.command import cardwright
from tests.e2e.conftest import folder_for_a_line, load_blanks
from tests.e2e.people import badge, debit
from tests.integration.reader.bridge import bridge
from tests.integration.reader.service import PORT, Service, missing
from tests.support.line import LineUnderTest, line_under_test

# The fixture brings a line up, and virtual readers see a card only every 0.4 seconds.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
PCSC, VPCD, WORN, PLAIN = range(4)
DEBITS, BADGES = 10, 6


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if reason := missing():
        pytest.skip(reason)
    with Service(tmp_path_factory.mktemp("pcscd")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(service: Service) -> AsyncIterator[LineUnderTest]:
    """A line whose encoder has four heads; heads don't care which broker brings the orders."""
    folder, port = folder_for_a_line(), free_port()
    swipe = folder / "swipe-0"
    with ExitStack() as stack:
        inside = stack.enter_context(bridge(lambda: service.process.pid, PORT))
        wiring = (
            *("--heads", "4", "--msr", f"{PCSC}={swipe}"),
            *("--reader", f"{PCSC}={LOOPBACK}:{inside}", "--reader", f"{VPCD}={LOOPBACK}:{port}"),
        )
        ways = f"encoder-1/{PCSC}=pcsc:{min(readers())},encoder-1/{VPCD}=vpcd:{port}"
        settings = {
            "CARDWRIGHT_HEADS": "4",
            "CARDWRIGHT_READERS": ways,
            "CARDWRIGHT_STRIPES": f"encoder-1/{PCSC}=msr:{swipe}",
        }
        options = LineOptions(machines={"encoder-1": wiring}, settings=settings)
        async with line_under_test(folder, Stack.EMBEDDED, options) as running:
            await load_blanks(running)
            async with DeviceConnection(LOOPBACK, running.layout.ports()["encoder-1"]) as machine:
                await machine.ask("WEAR", head=WORN)
            yield running
    shutil.rmtree(folder)


async def heads(line: LineUnderTest, true: Callable[[list[Any]], bool]) -> list[Any]:
    """What the command shows, as soon as it shows this."""
    async with asyncio.timeout(60):
        while True:
            said = await cardwright("stations", "--json", state=line.layout.root)
            shown: list[Any] = said.json
            if true(shown):
                return shown
            await asyncio.sleep(0.2)


async def test_every_head_makes_cards_and_the_worn_one_is_taken_out_and_mended(
    line: LineUnderTest,
) -> None:
    await line.submit(
        {
            "aurora-bank": [debit() for _ in range(DEBITS)],
            "borealis-works": [badge() for _ in range(BADGES)],
        }
    )
    cards = await line.until_ended(DEBITS + BADGES, within=120)
    assert {card.status for card in cards.values()} == {Status.DISPATCHED}
    shown = await heads(line, lambda found: not any(head["card"] for head in found))
    assert [head["head"] for head in shown] == [PCSC, VPCD, WORN, PLAIN]
    for number in (PCSC, VPCD, PLAIN):
        assert shown[number]["good"] > 0, shown
        assert shown[number]["yield"] == 1.0, shown
    assert (shown[WORN]["good"], shown[WORN]["failed"]) == (0, 3)
    assert sum(head["good"] for head in shown) == DEBITS + BADGES
    spoiled = [
        act for act in line.acts("encoder-1") if act.act == "feed" and act.result == "reject"
    ]
    assert len(spoiled) == 3, "a worn head spoils three cards, and no batch"

    async with DeviceConnection(LOOPBACK, line.layout.ports()["encoder-1"]) as machine:
        await machine.ask("WEAR", head=WORN, off=True)
    await heads(line, lambda found: found[WORN]["state"] == "on probation")


async def test_a_pcsc_service_that_dies_takes_its_head_out_and_the_line_goes_on(
    line: LineUnderTest, service: Service
) -> None:
    service.process.kill()
    service.process.wait(10)
    shown = await heads(line, lambda found: found[PCSC]["state"] == "away")
    assert shown[PCSC]["last_code"] == "READER_SERVICE"
    before = len(await line.cards())
    await line.submit({"borealis-works": [badge() for _ in range(4)]})
    cards = await line.until_ended(before + 4)
    assert all(card.status is Status.DISPATCHED for card in cards.values())
    await heads(line, lambda found: found[PCSC]["good"] == shown[PCSC]["good"])
