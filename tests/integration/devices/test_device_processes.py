from __future__ import annotations

import io
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.devices.device_process import (
    ENVIRONMENT,
    Device,
    PowerLostError,
    RefusedError,
)

Start = Callable[..., Device]

RASTER = {"width": 101, "height": 64, "dpi": 300, "mode": "RGB"}
FACE = b"\x20\x80\xff" * (101 * 64)
TRACKS = {"2": {"bits": "d00ff0", "length": 20}}
SELECT_ISD = bytes.fromhex("00A4040000")


def script(*commands: bytes) -> bytes:
    return b"".join(len(command).to_bytes(2, "big") + command for command in commands)


def test_a_card_goes_through_the_line(device: Start) -> None:
    printer, encoder, inspector = (device(kind) for kind in ("printer", "encoder", "inspector"))
    blank = printer.ask("LOAD", material="pvc", count=1)["first"]
    printer.ask("PRINT", FACE * 2, job_id="c1", material="pvc", **RASTER)
    assert printer.ask("JOB", job_id="c1", wait=10) == {"state": "done", "blank": blank}

    # One flight of requests, answered in order.
    encoder.send("FEED", job_id="e1", card="c1")
    encoder.send("POWER", job_id="e1")
    encoder.send("APDUS", script(SELECT_ISD), job_id="e1")
    encoder.send("WRITE_STRIPE", job_id="e1", tracks=TRACKS, coercivity="hico")
    encoder.send("EJECT", job_id="e1", result="good")
    replies = [encoder.receive() for _ in range(5)]
    assert replies[1][0]["atr"].startswith("3b")
    assert replies[2][1][-2:] == b"\x90\x00"
    assert (replies[4][0]["state"], replies[4][0]["stripe"]) == ("done", True)

    inspector.send("INSPECT", card="c1")
    found, images = inspector.receive()
    assert (found["blank"], found["tracks"]) == (blank, TRACKS)
    front = Image.open(io.BytesIO(images[: found["front"]]))
    assert front.size == (101, 64)
    assert inspector.ask("POWER", card="c1")["atr"] == replies[1][0]["atr"]
    assert inspector.ask("MOVE", card="c1", to="output")["in"] == "output"
    assert inspector.ask("DESTROY", card="c1")["in"] == "destroyed"
    for machine, act in ((printer, "print"), (encoder, "feed"), (inspector, "destroy")):
        assert machine.stop() == 0
        assert [row["blank"] for row in machine.acts(act)] == [blank]


def test_a_card_in_the_engine_at_kill_9_is_interrupted_and_never_printed_again(
    device: Start,
) -> None:
    printer = device("printer", "--card-seconds", "600")
    printer.ask("LOAD", material="pvc", serials=["b1", "b2"])
    printer.ask("PRINT", job_id="c1", material="pvc")
    printer.ask("PRINT", job_id="c2", material="pvc")
    while printer.ask("JOB", job_id="c1")["state"] == "queued":
        pass
    printer.kill()
    printer.start()
    interrupted = {"state": "interrupted", "blank": "b1"}
    assert printer.ask("JOB", job_id="c1") == interrupted
    assert printer.ask("PRINT", job_id="c1", material="pvc") == interrupted
    # The queue was memory: the second job touched no card, and may be sent again.
    assert printer.ask("JOB", job_id="c2") == {"state": "unknown"}
    printer.ask("PRINT", job_id="c2", material="pvc")
    assert printer.ask("JOB", job_id="c2", wait=10) == {"state": "done", "blank": "b2"}
    assert [(row["job_id"], row["result"]) for row in printer.acts("print")] == [
        ("c1", "interrupted"),
        ("c2", "done"),
    ]


@pytest.mark.parametrize(
    ("fault", "state"), [("power_cut", "interrupted"), ("power_cut_late", "done")]
)
def test_a_power_cut_by_order(device: Start, fault: str, state: str) -> None:
    printer = device("printer", "--fault", f"{fault}:next=1")
    printer.ask("LOAD", material="pvc", count=2)
    printer.send("PRINT", FACE, job_id="c1", material="pvc", **RASTER)
    assert printer.died() == 70
    printer.start()
    assert printer.ask("JOB", job_id="c1")["state"] == state
    assert len(printer.acts("print")) == 1


def test_sigterm_finishes_the_card_in_the_engine(device: Start) -> None:
    printer = device("printer", "--card-seconds", "0.3")
    printer.ask("LOAD", material="pvc", count=1)
    printer.ask("PRINT", job_id="c1", material="pvc")
    while printer.ask("JOB", job_id="c1")["state"] == "queued":
        pass
    assert printer.stop() == 0
    assert [row["result"] for row in printer.acts("print")] == ["done"]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_storm_of_kills_prints_a_card_twice(device: Start, seed: int) -> None:
    luck = random.Random(seed)
    jobs = [f"c{number}" for number in range(40)]
    printer = device("printer", "--card-seconds", "0.004", "--queue-depth", "50")
    printer.ask("LOAD", material="pvc", count=80)
    for _ in range(6):
        for job in jobs:  # a driver that remembers nothing asks for everything again
            printer.send("PRINT", job_id=job, material="pvc")
        for _ in range(luck.randrange(len(jobs))):
            printer.receive()
        printer.send("JOB", job_id=luck.choice(jobs), wait=0.1)
        printer.kill()
        printer.start("--card-seconds", "0.004", "--queue-depth", "50")
    ends = []
    for job in jobs:
        printer.ask("PRINT", job_id=job, material="pvc")
        ends.append(printer.ask("JOB", job_id=job, wait=30))
    rows = printer.acts("print")
    assert Counter(row["job_id"] for row in rows) == Counter(jobs)
    assert max(Counter(row["blank"] for row in rows).values()) == 1
    assert [end["blank"] for end in ends] == [
        next(row["blank"] for row in rows if row["job_id"] == job) for job in jobs
    ]
    assert {end["state"] for end in ends} <= {"done", "interrupted"}
    used = printer.ask("SUPPLIES")["hopper"]["pvc"]
    assert used == 80 - len(jobs)


def test_an_encoder_killed_with_cards_in_its_heads_rejects_them(
    device: Start, tmp_path: Path
) -> None:
    printer, encoder = device("printer"), device("encoder")
    printer.ask("LOAD", material="pvc", count=3)
    for card in ("c1", "c2", "c3"):
        printer.ask("PRINT", job_id=card, material="pvc")
        printer.ask("JOB", job_id=card, wait=10)
        encoder.ask("FEED", job_id=f"e-{card}", card=card)
    encoder.ask("WRITE_STRIPE", job_id="e-c1", tracks=TRACKS, coercivity="hico")
    encoder.ask("EJECT", job_id="e-c3", result="good")
    encoder.kill()
    encoder.start()
    states = [encoder.ask("FEED", job_id=f"e-{card}", card=card) for card in ("c1", "c2", "c3")]
    assert [state["state"] for state in states] == ["interrupted", "interrupted", "done"]
    assert [state["stripe"] for state in states] == [True, False, False]
    assert len(encoder.acts("feed")) == 3
    for card, place in (("c1", "reject/c1"), ("c2", "reject/c2"), ("c3", "c3")):
        assert (tmp_path / "floor" / place / "card.json").exists(), card


def test_an_encoder_loses_power_in_the_middle_of_a_stripe(device: Start) -> None:
    printer, encoder = device("printer"), device("encoder", "--fault", "power_cut:next=1")
    printer.ask("LOAD", material="pvc", count=1)
    printer.ask("PRINT", job_id="c1", material="pvc")
    printer.ask("JOB", job_id="c1", wait=10)
    encoder.ask("FEED", job_id="e1", card="c1")
    encoder.send("WRITE_STRIPE", job_id="e1", tracks=TRACKS, coercivity="hico")
    with pytest.raises(PowerLostError):
        encoder.receive()
    assert encoder.died() == 70
    encoder.start()
    state = encoder.ask("JOB", job_id="e1")
    assert (state["state"], state["stripe"]) == ("interrupted", False)


def test_a_machine_that_cannot_reach_the_floor_breaks_loudly(device: Start, tmp_path: Path) -> None:
    printer = device("printer")
    printer.ask("LOAD", material="pvc", count=1)
    obstacle = tmp_path / "floor" / "c1"
    obstacle.write_text("a file where a card should lie")
    printer.send("PRINT", job_id="c1", material="pvc")
    assert printer.died() == 1
    obstacle.unlink()
    printer.start()
    assert printer.ask("JOB", job_id="c1")["state"] == "interrupted"


def test_a_frame_out_of_step_is_answered_and_hung_up(device: Start) -> None:
    printer = device("printer")
    printer._socket.sendall(b"\0\0\0\x04oops\0\0\0\0")
    with pytest.raises(RefusedError, match="BAD_HEADER"):
        printer.receive()
    with pytest.raises(PowerLostError):
        printer.receive()


def test_every_device_explains_itself() -> None:
    for kind in ("printer", "encoder", "inspector", "ledger"):
        shown = subprocess.run(
            [sys.executable, "-m", "cardwright.devices", kind, "--help"],
            check=True,
            capture_output=True,
            env=ENVIRONMENT,
        )
        assert b"--help" in shown.stdout


def test_a_wrong_start_is_explained_and_names_no_key(tmp_path: Path) -> None:
    (tmp_path / "kmc").write_text("5ec2e7")
    options = [
        "--state",
        str(tmp_path),
        "--floor",
        str(tmp_path),
        "--kmc-file",
        str(tmp_path / "kmc"),
    ]
    shown = subprocess.run(
        [sys.executable, "-m", "cardwright.devices", "encoder", *options],
        check=False,
        capture_output=True,
        env=ENVIRONMENT,
    )
    assert shown.returncode == 2
    assert shown.stderr.startswith(b"BAD_KMC")
    assert b"5ec2e7" not in shown.stderr
