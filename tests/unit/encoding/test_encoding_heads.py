from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cardwright.card.events import Disposition, Encoded, OperationFailed
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.headbook import HeadBook
from services.encoding.adapters.heads import HeadRules, Heads
from services.encoding.health import HeadState

GOOD = Encoded("B-1", "encoder-1", (), "")
MUTE = OperationFailed("CHIP_MUTE", disposition=Disposition.SPOILED)


class Bench:
    """Heads whose tests are answered when the test of this file says so."""

    def __init__(self, count: int, limit: int = 1, book: HeadBook | None = None) -> None:
        self.tested: asyncio.Queue[int] = asyncio.Queue()
        self.answers: asyncio.Queue[bool | DeviceUnavailableError] = asyncio.Queue()
        rules = HeadRules(count, limit, first_rest=0, longest_rest=0, book=book or HeadBook())
        self.heads = Heads("encoder-1", rules, self._test)

    async def _test(self, number: int) -> bool:
        await self.tested.put(number)
        answer = await self.answers.get()
        if isinstance(answer, bool):
            return answer
        raise answer

    async def encode(self, job: str, fact: Encoded | OperationFailed = GOOD) -> int:
        async with self.heads.lend(job) as head:
            self.heads.learn(head, fact)
            return head.number


async def test_the_head_that_was_idle_longest_is_next() -> None:
    bench = Bench(3)
    assert [await bench.encode(f"job-{n}") for n in range(5)] == [0, 1, 2, 0, 1]


async def test_a_full_machine_makes_wait() -> None:
    bench = Bench(1)
    async with bench.heads.lend("first"):
        second = asyncio.create_task(bench.encode("second"))
        await asyncio.sleep(0)
        assert not second.done()
    assert await second == 0


async def test_a_spoiling_head_gets_no_more_cards_until_it_passes_its_test() -> None:
    bench = Bench(2)
    assert await bench.encode("job-0", MUTE) == 0
    assert bench.heads.health(0).state is HeadState.UNHEALTHY
    assert [await bench.encode(f"job-{n}") for n in (1, 2, 3)] == [1, 1, 1]
    assert await bench.tested.get() == 0
    await bench.answers.put(False)
    await bench.tested.get()
    await bench.answers.put(DeviceUnavailableError("DEVICE_LOST", "away"))
    await bench.tested.get()
    assert bench.heads.health(0).state is HeadState.UNHEALTHY
    await bench.answers.put(True)
    async with bench.heads.lend("other") as other:
        assert other.number == 1
        assert await bench.encode("job-4") == 0, "waited for, since the other one is taken"
    assert bench.heads.health(0).state is HeadState.IN_WORK
    await bench.heads.close()


async def test_without_any_head_jobs_go_back_and_the_machine_is_not_ready() -> None:
    bench = Bench(1)
    waiting = asyncio.create_task(bench.encode("job-0", MUTE))
    await waiting
    with pytest.raises(DeviceUnavailableError) as error:
        await bench.encode("job-1")
    assert error.value.code == "HEAD_UNHEALTHY"
    ready = asyncio.create_task(bench.heads.ready())
    await bench.tested.get()
    assert not ready.done()
    await bench.answers.put(True)
    await ready
    await bench.heads.close()


async def test_a_card_that_stays_in_its_head_keeps_it() -> None:
    bench = Bench(2)
    with pytest.raises(DeviceUnavailableError):
        async with bench.heads.lend("job-0"):
            raise DeviceUnavailableError("HSM_UNAVAILABLE", "away")
    assert [await bench.encode(f"job-{n}") for n in (1, 2)] == [1, 1]
    assert await bench.encode("job-0") == 0
    with pytest.raises(DeviceUnavailableError):
        async with bench.heads.lend("job-3") as head:
            raise DeviceUnavailableError("DEVICE_LOST", str(head.number))
    bench.heads.release("job-3")
    bench.heads.release("job-3")
    assert [await bench.encode(f"job-{n}") for n in (4, 5)] == [0, 1]


async def test_a_card_found_in_a_head_after_a_restart_claims_it() -> None:
    bench = Bench(2)
    bench.heads.claim("left", 0)
    assert await bench.encode("other") == 1
    assert await bench.encode("left") == 0


async def test_a_reader_that_leaves_and_returns_takes_its_head_along() -> None:
    bench = Bench(2)
    bench.heads.lost(0, "READER_LOST")
    assert [await bench.encode(f"job-{n}") for n in (0, 1)] == [1, 1]
    bench.heads.found(0)
    assert await bench.encode("job-2") == 0
    bench.heads.found(0)
    assert bench.heads.health(0).state is HeadState.IN_WORK
    await bench.heads.close()


async def test_a_reader_that_nobody_tells_of_is_looked_for() -> None:
    bench = Bench(1)
    bench.heads.lost(0, "READER_BUSY")
    ready = asyncio.create_task(bench.heads.ready())
    assert await bench.tested.get() == 0
    await bench.answers.put(True)
    await ready
    assert bench.heads.health(0).state is HeadState.ON_PROBATION
    await bench.heads.close()


async def test_the_book_tells_each_heads_yield_and_outlives_the_station(tmp_path: Path) -> None:
    path = tmp_path / "stations" / "encoding.json"
    book = HeadBook(path)
    bench = Bench(2, book=book)
    ready = bench.heads.ready()
    await ready
    await bench.encode("job-0", GOOD)
    await bench.encode("job-1", MUTE)
    await bench.heads.close()
    await book.close()
    first, second = json.loads(path.read_text())
    assert (first["head"], first["state"], first["yield"], first["card"]) == (0, "in work", 1.0, "")
    assert (second["state"], second["last_code"], second["failed"]) == ("unhealthy", "CHIP_MUTE", 1)
    again = Bench(2, book=HeadBook(path))
    assert again.heads.health(1).state is HeadState.UNHEALTHY
    assert again.heads.health(0).good == 1
    ready_again = asyncio.create_task(again.heads.ready())
    assert await again.tested.get() == 1
    await ready_again
    await again.heads.close()


@pytest.mark.parametrize("text", ["", "[{}]", "7", '[{"device": 1}]'])
async def test_a_book_that_can_not_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "encoding.json"
    path.write_text(text)
    assert Bench(1, book=HeadBook(path)).heads.health(0).in_work
