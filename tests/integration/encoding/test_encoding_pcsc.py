"""Heads whose contacts lead to PC/SC readers: pcsc-lite, its virtual reader, a real machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cardwright.card.events import Encoded
from cardwright.reader import readers
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.heads import HeadRules
from services.encoding.adapters.readerwatch import Watched, watch_readers
from services.encoding.adapters.ways import PcscWay
from services.encoding.health import HeadState
from tests.integration.encoding.encoding_line import Line
from tests.integration.reader.bridge import bridge
from tests.integration.reader.service import PORT, Service, missing

# A head that is lost stays so until its reader is seen.
RULES = HeadRules(2, first_rest=600, longest_rest=600)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    if reason := missing():
        pytest.skip(reason)
    with Service(tmp_path) as running:
        yield running


@asynccontextmanager
async def pcsc_line(root: Path, service: Service) -> AsyncIterator[tuple[Line, list[Service]]]:
    """A machine whose two heads have a PC/SC reader each, and a station that watches them.

    The service that was appended last has the readers.
    """
    services = [service]
    ways = {n: PcscWay(name) for n, name in enumerate(sorted(readers())[:2])}
    assert len(ways) == 2
    with ExitStack() as stack:
        ports = [
            stack.enter_context(bridge(lambda: services[-1].process.pid, PORT + n)) for n in ways
        ]
        wiring = [f"--reader={n}=127.0.0.1:{port}" for n, port in enumerate(ports)]
        async with Line(root, ("--heads", "2", *wiring), rules=RULES, readers=ways) as line:
            heads = line.encoder.heads
            watched = [
                Watched(way, partial(heads.found, n), partial(heads.lost, n))
                for n, way in ways.items()
            ]
            async with watch_readers(watched):
                yield line, services


async def test_cards_are_made_in_two_readers_at_once(tmp_path: Path, service: Service) -> None:
    async with pcsc_line(tmp_path, service) as (line, _):
        kinds = ("debit", "badge", "debit", "badge")
        cards = [line.printed(f"c{n}", kind, f"B-{n}") for n, kind in enumerate(kinds)]
        facts = await asyncio.gather(*map(line.perform, cards))
        assert all(isinstance(fact, Encoded) for fact in facts), facts
        assert len({fact.chip_serial for fact in facts if isinstance(fact, Encoded)}) == 4
        assert [line.encoder.heads.health(n).good for n in (0, 1)] == [2, 2]


async def test_a_service_that_dies_takes_its_heads_out_of_work_and_brings_them_back(
    tmp_path: Path, service: Service
) -> None:
    async with pcsc_line(tmp_path, service) as (line, _):
        assert isinstance(await line.perform(line.printed("before", blank="B-0")), Encoded)
        health = line.encoder.heads.health(0)
        service.process.kill()
        service.process.wait(10)
        await _until(lambda: health.state is HeadState.AWAY)
        with pytest.raises(DeviceUnavailableError) as error:
            await line.perform(line.printed("meanwhile", blank="B-1"))
        assert error.value.code == "HEAD_UNHEALTHY"
        (tmp_path / "again").mkdir()
        with Service(tmp_path / "again"):
            await asyncio.wait_for(line.encoder.ready(), 20)
            assert health.state is HeadState.ON_PROBATION


async def test_a_card_whose_reader_dies_in_the_middle_is_finished_when_it_is_back(
    tmp_path: Path, service: Service
) -> None:
    async with pcsc_line(tmp_path, service) as (line, services):
        line.encoder.heads.lost(1, "NOT_THIS_ONE")
        made = line.printed()
        working = asyncio.create_task(line.perform(made))
        await _until(lambda: bool(line.module.batches))  # the chip has been spoken to
        service.process.kill()
        service.process.wait(10)
        with pytest.raises(DeviceUnavailableError):
            await working
        assert (await _job(line, made.job_id))["state"] == "in_head"
        (tmp_path / "again").mkdir()
        with Service(tmp_path / "again") as successor:
            services.append(successor)
            fact = await asyncio.wait_for(line.settle(made), 40)
        assert isinstance(fact, Encoded), "its chip tells how far it got, and it is finished"
        assert len(line.acts("feed")) == len(line.acts("stripe_write")) == 1


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  what is looked at has no event
            await asyncio.sleep(0.005)


async def _job(line: Line, job_id: str) -> dict[str, Any]:
    return await asyncio.to_thread(line.machine.ask, "JOB", job_id=job_id)
