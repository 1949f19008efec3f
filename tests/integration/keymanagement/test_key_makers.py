"""The makers as processes: how they fill the pool, and that kills give no pair to two cards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.keymanagement.module.pool.makers import BATCH
from services.keymanagement.module.pool.marks import Marks, save_marks
from services.keymanagement.module.pool.store import POOL_FILE, PairStore
from services.keymanagement.module.provision import create
from tests.integration.keymanagement.module_process import ISSUER

SIZE = (1024, 3)
LOW, HIGH = 8, 20
FULL = range(HIGH, HIGH + BATCH)
"""A maker that began below the low mark may finish what it has in hand above the high one."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(["libs", "."])}
CLAIMS = """
import itertools, sys
from pathlib import Path
from services.keymanagement.module.pool.store import Demand, PairStore
store = PairStore(Path(sys.argv[1]))
for number in itertools.count():
    holder = f"{sys.argv[2]}-{number}"
    (taken,) = store.take([[Demand(holder, 1024, 3)]])
    if taken:
        print(holder, taken[0].number, flush=True)
"""
WAIT_S = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path, [ISSUER], ["site-1"])
    save_marks(tmp_path, [Marks(*SIZE, LOW, HIGH)])
    return tmp_path


@contextlib.contextmanager
def makers(folder: Path, workers: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    program = (sys.executable, "-m", "services.keymanagement.module", "makers")
    process = subprocess.Popen(
        [*program, f"--keys={folder}", f"--workers={workers}"],
        env={**ENVIRONMENT, "CARDWRIGHT_STATE": str(folder / "state")},
    )
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(WAIT_S) == 0


def ready_when(store: PairStore, least: int) -> int:
    """Look until so many pairs are ready; what a person at the console would do."""
    end = time.monotonic() + WAIT_S
    while (ready := store.ready().get(SIZE, 0)) < least:
        assert time.monotonic() < end, f"only {ready} pairs came"
        time.sleep(0.05)
    return ready


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The makers among the process's children; the resource tracker of Python is one too."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_pool_is_filled_to_the_high_mark_at_the_lowest_priority(folder: Path) -> None:
    with makers(folder) as process:
        store = PairStore(folder / POOL_FILE)
        assert ready_when(store, HIGH) in FULL
        working = children_of(process)
        assert len(working) == 2
        assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in working} == {19}
        os.kill(working[0], signal.SIGKILL)
        _take(store, HIGH + BATCH - LOW + 2)
        assert ready_when(store, HIGH) in FULL  # another took the killed one's place
    program = (sys.executable, "-m", "services.keymanagement.module", "console", f"--keys={folder}")
    told = subprocess.run(
        [*program, "pool", "--json"], env=ENVIRONMENT, capture_output=True, check=True
    ).stdout
    (pool,) = map(json.loads, told.splitlines())
    assert (pool["low_water"], pool["high_water"]) == (LOW, HIGH)
    assert pool["ready"] in FULL
    assert (folder / "state/telemetry/keypool.metrics.jsonl").exists()


def _take(store: PairStore, count: int) -> None:
    from services.keymanagement.module.pool.store import Demand

    store.take([[Demand(f"card-{number}", *SIZE)] for number in range(count)])


def test_killed_at_any_moment_no_pair_has_two_holders(folder: Path) -> None:
    holders: dict[int, str] = {}
    with makers(folder):
        store = PairStore(folder / POOL_FILE)
        for round_ in range(6):
            ready_when(store, LOW)
            claimer = subprocess.Popen(
                [sys.executable, "-c", CLAIMS, str(folder / POOL_FILE), f"round-{round_}"],
                env=ENVIRONMENT,
                stdout=subprocess.PIPE,
            )
            assert claimer.stdout is not None
            seen = [claimer.stdout.readline() for _ in range(1 + round_)]
            claimer.kill()
            seen += claimer.stdout.read().splitlines(keepends=True)
            claimer.stdout.close()
            claimer.wait()
            for line in seen:
                if line.endswith(b"\n"):
                    holder, number = line.split()
                    known = holders.setdefault(int(number), holder.decode())
                    assert known == holder.decode()
    # What was claimed and not told of is lost, and is nobody else's either.
    assert sum(store.used().values()) >= len(holders) > 6
