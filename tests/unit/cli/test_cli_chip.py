from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardwright.chip import Chip, manufacture
from cardwright.cli.chip import app
from cardwright.cli.made import MadeCardError, take
from cardwright.reader import ReaderError, VpcdReader

INITIALIZE_UPDATE = "8050000008" + "00" * 8 + "00"
CARD = "0199a0b1-card"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for making in (1, 2, 10):
        folder = tmp_path / "floor" / "output" / f"{CARD}-{making}"
        folder.mkdir(parents=True)
        serial = bytes(9) + bytes((making,))
        (folder / "chip.bin").write_bytes(manufacture(serial, bytes(16)).serialize())
    return tmp_path


def memory(state: Path, making: int) -> bytes:
    return (state / "floor" / "output" / f"{CARD}-{making}" / "chip.bin").read_bytes()


def ask(state: Path, *words: str) -> list[dict[str, str]]:
    done = CliRunner().invoke(app, ["apdu", "--state", str(state), "--json", *words])
    assert done.exit_code == 0, done.output
    answers: list[dict[str, str]] = json.loads(done.stdout)
    return answers


def refusal(state: Path, card: str) -> str:
    with pytest.raises(MadeCardError) as error, take(state / "floor", card):
        pass
    return error.value.code


def test_the_latest_making_of_a_card_answers(state: Path) -> None:
    (answer,) = ask(state, CARD, INITIALIZE_UPDATE)
    assert answer["data"].startswith("0000000000000000000A")
    assert answer["sw"] == "9000"


def test_one_making_can_be_asked_for(state: Path) -> None:
    (answer,) = ask(state, f"{CARD}-2", INITIALIZE_UPDATE)
    assert answer["data"].startswith("00000000000000000002")


def test_commands_of_one_call_share_a_session_and_what_the_card_learns_is_kept(
    state: Path,
) -> None:
    before = memory(state, 10)
    wrong = "8482000010" + "00" * 16
    answers = ask(state, CARD, INITIALIZE_UPDATE, wrong)
    assert [each["sw"] for each in answers] == ["9000", "6300"]
    assert ask(state, CARD, wrong)[0]["sw"] == "6985"
    assert memory(state, 10) != before
    Chip.restore(memory(state, 10))


def test_for_people_command_and_answer_stand_under_each_other(state: Path) -> None:
    done = CliRunner().invoke(app, ["apdu", "--state", str(state), CARD, "00 FF 00 00"])
    assert done.stdout.splitlines() == ["> 00FF0000", "<  6D00"]


@pytest.mark.parametrize("command", ["0", "xx", "00A404"])
def test_what_is_no_command_is_refused_before_the_card_is_touched(
    state: Path, command: str
) -> None:
    before = memory(state, 10)
    done = CliRunner().invoke(
        app, ["apdu", "--state", str(state), CARD, INITIALIZE_UPDATE, command]
    )
    assert done.exit_code == 2
    assert memory(state, 10) == before


@pytest.mark.parametrize("card", ["no-such", "../output", f"{CARD}-3", "", "*", CARD[:-1]])
def test_an_unknown_card_is_told(state: Path, card: str) -> None:
    assert refusal(state, card) == "NO_SUCH_CARD"


def test_a_card_without_a_chip_is_told(state: Path) -> None:
    (state / "floor" / "output" / "plain-1").mkdir()
    assert refusal(state, "plain") == "NO_CHIP"


def test_a_memory_that_no_chip_wrote_is_told(state: Path) -> None:
    (state / "floor" / "output" / f"{CARD}-10" / "chip.bin").write_bytes(b"{}")
    assert refusal(state, CARD) == "CHIP_MEMORY"


def test_a_card_is_in_one_hand(state: Path) -> None:
    with take(state / "floor", CARD):
        assert refusal(state, CARD) == "CARD_IN_USE"
    with take(state / "floor", CARD):
        pass


def test_a_card_that_leaves_the_tray_is_told(state: Path) -> None:
    folder = state / "floor" / "output" / f"{CARD}-10"
    with take(state / "floor", CARD) as card:
        card.chip.process(bytes.fromhex(INITIALIZE_UPDATE))
        folder.rename(state / "floor" / f"{CARD}-10")
        with pytest.raises(MadeCardError) as error:
            card.save()
    assert error.value.code == "CARD_GONE"


@pytest.fixture
def reader() -> Iterator[VpcdReader]:
    with VpcdReader(port=0) as slot:
        yield slot


def presenting(state: Path, address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cardwright.cli.main", "chip", "present", CARD]
    return subprocess.Popen(
        [*command, "--vpcd", address, "--state", str(state), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "libs")},
    )


def test_a_presented_card_answers_keeps_its_memory_and_is_taken_out(
    state: Path, reader: VpcdReader
) -> None:
    address = f"127.0.0.1:{reader.port}"
    with presenting(state, address) as program:
        card = reader.connect(insert_within=60)
        sequences = [card.transmit(bytes.fromhex(INITIALIZE_UPDATE))[-5:-2] for _ in range(3)]
        assert len(set(sequences)) == 3
        for _ in range(2):
            kept = memory(state, 10)
            answer = card.transmit(bytes.fromhex(INITIALIZE_UPDATE))
            assert answer[-2:] == b"\x90\x00"
            assert memory(state, 10) != kept
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=30)
        with pytest.raises(ReaderError) as error:
            card.transmit(bytes.fromhex(INITIALIZE_UPDATE))
        assert error.value.code == "CARD_REMOVED"
        card.close()
    assert (program.returncode, err) == (0, "")
    inserted, ended = (json.loads(each) for each in out.splitlines())
    assert inserted == {"card": CARD, "reader": address}
    assert ended == {"ended": "taken out", "commands": 5}


def test_a_reader_that_hangs_up_ends_it(state: Path, reader: VpcdReader) -> None:
    with presenting(state, f"127.0.0.1:{reader.port}") as program:
        reader.connect(insert_within=60).close()
        out, _ = program.communicate(timeout=30)
    assert json.loads(out.splitlines()[1]) == {"ended": "the reader hung up", "commands": 0}


def test_no_reader_is_told_in_a_line(state: Path, reader: VpcdReader) -> None:
    port = reader.port
    reader.close()
    with presenting(state, f"127.0.0.1:{port}") as program:
        _, err = program.communicate(timeout=30)
    assert program.returncode == 1
    assert err.startswith("VPCD_UNREACHABLE: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("address", ["", "127.0.0.1", ":1", "h:0", "h:65536", "h:x"])
def test_an_address_is_host_and_port(state: Path, address: str) -> None:
    done = CliRunner().invoke(app, ["present", CARD, "--state", str(state), "--vpcd", address])
    assert done.exit_code == 2
