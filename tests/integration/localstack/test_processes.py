from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest
import pytest_asyncio

from cardwright.localstack.broker_embedded import EmbeddedBroker
from cardwright.localstack.errors import (
    AlreadySupervisedError,
    NotReadyError,
    ProcessFailedError,
)
from cardwright.localstack.kept import Backoff, State
from cardwright.localstack.pids import ProcessIdentity, identify
from cardwright.localstack.ports import free_port, port_answers
from cardwright.localstack.postgres import EmbeddedPostgres
from cardwright.localstack.process import ProcessSpec
from cardwright.localstack.processes import Supervisor, read_status, stop_recorded
from cardwright.localstack.waiting import until

ROOT = Path(__file__).parents[3]

# Notes its end, in order, in a file that all of them share.
ORDERLY = """
import pathlib, signal, sys
name, ends, ready = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
pathlib.Path(ready).touch()
signal.sigwait([signal.SIGTERM])
with open(ends, "a") as file:
    file.write(name + "\\n")
"""
STUBBORN = """
import pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
signal.pause()
"""
SUPERVISING = """
import asyncio, sys
from dataclasses import asdict
from pathlib import Path
from cardwright.localstack.process import ProcessSpec
from cardwright.localstack.processes import Supervisor

async def main():
    state = Path(sys.argv[1])
    async with Supervisor(state / "status.json") as supervisor:
        for name in ("one", "two"):
            await supervisor.start(ProcessSpec(name, ("sleep", "600"), state / f"{name}.log"))
        (state / "up").touch()
        await supervisor.run_until_signalled()

asyncio.run(main())
"""


@pytest_asyncio.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    async with Supervisor(tmp_path / "status.json", Backoff(0.01, 0.05)) as running:
        yield running


def sleeper(tmp_path: Path, name: str = "sleeper") -> ProcessSpec:
    return ProcessSpec(name, ("sleep", "600"), tmp_path / f"{name}.log")


def orderly(tmp_path: Path, name: str) -> ProcessSpec:
    ready = tmp_path / f"{name}.ready"
    argv = (sys.executable, "-c", ORDERLY, name, str(tmp_path / "ends"), str(ready))
    return ProcessSpec(name, argv, tmp_path / f"{name}.log", ready_file=ready)


async def gone(process: ProcessIdentity) -> None:
    async def ended() -> bool:
        return not process.alive()

    await until(ended, 10, "the process is gone")


async def test_stop_all_ends_processes_in_reverse_order(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    names = ["first", "second", "third"]
    processes = [await supervisor.start(orderly(tmp_path, name)) for name in names]
    await supervisor.stop_all()
    assert (tmp_path / "ends").read_text().split() == names[::-1]
    assert not any(process.alive() for process in processes)
    assert not (tmp_path / "status.json").exists()


async def test_a_crashed_process_is_restarted_and_counted(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    process = await supervisor.start(sleeper(tmp_path))
    for crash in (1, 2):
        process.signal(signal.SIGKILL)

        async def restarted(crash: int = crash) -> bool:
            (line,) = supervisor.statuses()
            return line.restarts == crash and line.identity is not None

        await until(restarted, 10, "the process was restarted")
        (line,) = supervisor.statuses()
        assert line.identity is not None
        assert line.identity != process
        process = line.identity
    assert supervisor.restarts("sleeper") == 2
    status = read_status(tmp_path / "status.json")
    assert status is not None
    assert status.processes == supervisor.statuses()
    assert status.processes[0].state is State.RUNNING


async def test_a_process_without_restart_stays_ended(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    spec = ProcessSpec("once", ("sleep", "600"), tmp_path / "once.log", restart=False)
    process = await supervisor.start(spec)
    process.signal(signal.SIGKILL)

    async def ended() -> bool:
        return supervisor.statuses()[0].state is State.ENDED

    await until(ended, 10, "the keeper gave up")
    assert supervisor.restarts("once") == 0


def test_pauses_double_up_to_the_cap_and_start_anew_after_a_steady_run() -> None:
    backoff = Backoff(first_s=1, cap_s=5, steady_s=60)
    pauses = [backoff.after(pause, ran_s=0) for pause in (0, 1, 2, 4, 5)]
    assert pauses == [1, 2, 4, 5, 5]
    assert backoff.after(5, ran_s=60) == 1


async def test_sigkill_after_the_grace_takes_the_whole_group(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    ready = tmp_path / "pid"
    spec = ProcessSpec(
        "stubborn",
        (sys.executable, "-c", STUBBORN, str(ready)),
        tmp_path / "stubborn.log",
        ready=lambda: written(ready),
        ready_file=ready,
        stop_within_s=0.3,
    )
    process = await supervisor.start(spec)
    grandchild = identify(int(ready.read_text()))
    assert grandchild is not None
    await supervisor.stop("stubborn")
    assert not process.alive()
    await gone(grandchild)


async def written(path: Path) -> bool:
    return await asyncio.to_thread(path.read_text) != ""


async def test_a_crash_loop_is_reported_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    argv = (sys.executable, "-c", "raise SystemExit('no such setting')")
    never_ready = tmp_path / "never"
    spec = ProcessSpec("broken", argv, tmp_path / "broken.log", ready_file=never_ready)
    with pytest.raises(ProcessFailedError, match="no such setting"):
        await supervisor.start(spec)
    assert supervisor.statuses() == ()


async def test_a_program_that_does_not_exist_is_reported(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    spec = ProcessSpec(
        "absent", ("no-such-program",), tmp_path / "a.log", ready=never, ready_within_s=10
    )
    with pytest.raises(ProcessFailedError, match="no-such-program"):
        await supervisor.start(spec)


async def never() -> bool:
    return False


async def test_a_process_that_does_not_become_ready_is_stopped(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    pids: list[ProcessIdentity | None] = []

    async def note_and_refuse() -> bool:
        pids.append(supervisor.statuses()[0].identity)
        return False

    spec = ProcessSpec(
        "slow", ("sleep", "600"), tmp_path / "s.log", ready=note_and_refuse, ready_within_s=0.5
    )
    with pytest.raises(NotReadyError, match="slow is ready"):
        await supervisor.start(spec)
    assert pids[0] is not None
    assert not pids[0].alive()


async def test_a_ready_file_of_an_earlier_run_counts_for_nothing(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    stale = tmp_path / "ready"
    stale.touch()
    spec = ProcessSpec(
        "stale", ("sleep", "600"), tmp_path / "s.log", ready_file=stale, ready_within_s=0.5
    )
    with pytest.raises(NotReadyError):
        await supervisor.start(spec)


async def test_a_name_is_used_once(supervisor: Supervisor, tmp_path: Path) -> None:
    process = await supervisor.start(sleeper(tmp_path))
    with pytest.raises(AlreadySupervisedError):
        await supervisor.start(sleeper(tmp_path))
    assert process.alive()


async def test_one_that_cannot_be_spawned_does_not_keep_others_running(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    process = await supervisor.start(sleeper(tmp_path))
    nowhere = ProcessSpec("lost", ("sleep", "1"), tmp_path / "l.log", cwd=tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        await supervisor.start(nowhere)
    await supervisor.stop_all()
    assert not process.alive()


async def test_variables_and_directory_reach_the_process(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    program = (
        "import os, signal; print(os.environ['COLOUR'], os.getcwd(), flush=True); signal.pause()"
    )
    log = tmp_path / "env.log"
    spec = ProcessSpec(
        "env",
        (sys.executable, "-c", program),
        log,
        env={"COLOUR": "teal"},
        cwd=tmp_path,
        ready=lambda: written(log),
        restart=False,
    )
    await supervisor.start(spec)
    assert log.read_text().splitlines()[0] == f"teal {tmp_path}"
    assert log.stat().st_mode & 0o777 == 0o600


async def supervising_program(state: Path) -> asyncio.subprocess.Process:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISING, str(state)),
        env={**os.environ, "PYTHONPATH": str(ROOT / "libs")},
    )

    async def up() -> bool:
        assert program.returncode is None
        return await asyncio.to_thread((state / "up").exists)

    await until(up, 20, "the supervising program is up")
    return program


def recorded(state: Path) -> list[ProcessIdentity]:
    status = read_status(state / "status.json")
    assert status is not None
    return [line.identity for line in status.processes if line.identity is not None]


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
async def test_kill_9_of_the_supervisor_leaves_no_process(tmp_path: Path) -> None:
    program = await supervising_program(tmp_path)
    processes = recorded(tmp_path)
    assert len(processes) == 2
    program.kill()
    await program.wait()
    for process in processes:
        await gone(process)
    await stop_recorded(tmp_path / "status.json")
    assert not (tmp_path / "status.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signalled_supervisor_stops_everything(
    tmp_path: Path, number: signal.Signals
) -> None:
    program = await supervising_program(tmp_path)
    processes = recorded(tmp_path)
    program.send_signal(number)
    assert await program.wait() == 0
    assert len(processes) == 2
    assert not any(process.alive() for process in processes)


async def test_another_process_stops_the_recorded_stack(tmp_path: Path) -> None:
    program = await supervising_program(tmp_path)
    processes = recorded(tmp_path)
    await stop_recorded(tmp_path / "status.json")
    assert await program.wait() == 0
    assert not any(process.alive() for process in processes)
    await stop_recorded(tmp_path / "status.json")


async def test_a_reused_pid_is_never_signalled(tmp_path: Path) -> None:
    innocent = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        reused = ProcessIdentity(innocent.pid, "an earlier process")
        stale = asdict(reused)
        line = {"name": "x", "state": "running", "identity": stale, "restarts": 0, "log": ""}
        status_file = tmp_path / "status.json"
        status_file.write_text(json.dumps({"supervisor": stale, "processes": [line]}))
        await stop_recorded(status_file)
        assert not reused.signal(signal.SIGKILL, group=True)
        present = identify(innocent.pid)
        assert present is not None
        assert present.alive()
    finally:
        innocent.kill()
        await innocent.wait()


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        process = identify(child.pid)
        assert process is not None
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not process.alive()


async def test_servers_run_under_the_supervisor_and_restart(
    supervisor: Supervisor, state: Path
) -> None:
    postgres = EmbeddedPostgres(state / "postgres", free_port())
    broker = EmbeddedBroker(state / "broker", free_port())
    await postgres.start_supervised(supervisor)
    await broker.start_supervised(supervisor)
    for server in (postgres, broker):
        first = server.identity()
        assert first is not None
        first.signal(signal.SIGKILL)
        await gone(first)
        await until(server.answers, 20, "the restarted server answers")
        assert supervisor.restarts(server.name) >= 1
    second = EmbeddedBroker(broker.data_dir, free_port())
    await second.start()
    assert second.adopted
    assert second.port == broker.port
    await supervisor.stop_all()
    assert not await port_answers(postgres.port)
    assert not await port_answers(broker.port)
