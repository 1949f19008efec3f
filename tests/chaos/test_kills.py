"""kill -9 of all that runs, each while cards flow: no card is lost, nothing is done twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cardwright.line.layout import SERVICES
from cardwright.line.processes import LineOptions
from tests.chaos.proofs import (
    dispatched_once,
    no_blank_is_unaccounted_for,
    nothing_was_done_twice,
    the_log_is_chained_and_signed,
)
from tests.chaos.run import Run
from tests.support.line import LineUnderTest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

DEVICES = ("printer-1", "encoder-1", "inspector-1", "printer-2")


@pytest.fixture(scope="module")
def options() -> LineOptions:
    """A line that renders, at a speed that leaves cards in the printers when they die."""
    return LineOptions(card_seconds=0.1)


async def kill_each_while_cards_flow(run: Run, victims: Sequence[str]) -> None:
    for victim in victims:
        before = await run.logged()
        await run.submit(5)
        await run.until_logged(before + 12)
        run.line.kill(victim)
    await run.resubmit_what_the_broker_lost()
    cards = await run.until_ended(within=100)
    dispatched_once(cards, run.requests)
    nothing_was_done_twice(run.line)
    await no_blank_is_unaccounted_for(run.line)
    for victim in victims:
        assert run.line.line.supervisor.restarts(victim) >= 1


async def test_each_service_is_killed(line: LineUnderTest) -> None:
    run = Run(line, "services")
    await kill_each_while_cards_flow(run, SERVICES)
    await the_log_is_chained_and_signed(line, published=True)


async def test_each_device_and_the_security_module_are_killed(line: LineUnderTest) -> None:
    run = Run(line, "devices")
    await kill_each_while_cards_flow(run, [*DEVICES, "hsm"])
    await the_log_is_chained_and_signed(line, published=True)


async def test_broker_and_database_are_killed(line: LineUnderTest) -> None:
    run = Run(line, "servers")
    broker = line.line.broker
    assert broker is not None
    await kill_each_while_cards_flow(run, [broker.name, "postgres", broker.name])
    await the_log_is_chained_and_signed(line, published=False)
