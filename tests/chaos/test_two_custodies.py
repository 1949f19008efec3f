"""A custody that sleeps in mid-append while another takes over: it must append nothing more."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from cardwright.line.databases import database_of
from cardwright.localstack.kept import State
from cardwright.localstack.waiting import until
from tests.chaos.proofs import (
    dispatched_once,
    no_blank_is_unaccounted_for,
    the_log_is_chained_and_signed,
)
from tests.chaos.run import Run
from tests.chaos.work import waits_for_a_lock
from tests.support.line import LineUnderTest

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

SLEEPER, SUCCESSOR = "custody-sleeper", "custody-successor"


async def start_custody(line: LineUnderTest, name: str) -> None:
    """Start a custody that nobody starts again when it ends."""
    spec = line.line.processes.service("custody")
    log = line.layout.log_file(name)
    await line.line.supervisor.start(replace(spec, name=name, log=log, restart=False))


async def until_over(line: LineUnderTest, name: str) -> None:
    async def ended() -> bool:
        states = {status.name: status.state for status in line.line.supervisor.statuses()}
        return states[name] is State.ENDED

    await until(ended, 60, f"{name} ended")


async def fall_asleep_in_mid_append(line: LineUnderTest, run: Run) -> None:
    """Hold the writer's row until an append waits for it, and stop the process there."""
    async with line.log.acquire() as holder, holder.transaction():
        await holder.execute("SELECT FROM writer FOR UPDATE")
        await run.submit(5)
        await waits_for_a_lock(line, database_of("custody"))
        line.kill(SLEEPER, signal.SIGSTOP)


async def test_a_custody_that_slept_in_mid_append_is_fenced(line: LineUnderTest) -> None:
    run = Run(line, "fenced")
    await line.line.supervisor.stop("custody")
    await start_custody(line, SLEEPER)
    await run.submit(10)
    await run.until_logged(20)
    await fall_asleep_in_mid_append(line, run)

    before = await run.logged()
    await start_custody(line, SUCCESSOR)
    await run.until_logged(before + 20)
    line.kill(SLEEPER, signal.SIGCONT)
    await run.submit(10)
    dispatched_once(await run.until_ended(within=60), run.requests)
    await until_over(line, SLEEPER)

    epochs = [event.epoch for event in await line.events()]
    assert epochs == sorted(epochs), "two wrote in turns"
    assert epochs[-1] == max(epochs) == await line.log.fetchval("SELECT epoch FROM writer")
    await no_blank_is_unaccounted_for(line)
    await the_log_is_chained_and_signed(line, published=True)
