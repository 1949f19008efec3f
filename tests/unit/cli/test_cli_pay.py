from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cardwright.cli.chip import app
from cardwright.cli.pay import NotATestCardError, describe
from cardwright.issuerhost import Rules, SoftwareIssuerHost
from cardwright.terminal import load_ca_keys
from tests.unit.qa.paying_kit import KEYS, chip_memory
from tests.unit.terminal.card_kit import AID
from tests.unit.terminal.chip_kit import ChipCard, Order, directory
from tests.unit.terminal.kit import pay, profile, request
from tests.unit.terminal.rsa_kit import PAN, Chain

CARD = "0199a0b1-card"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "floor" / "output" / f"{CARD}-1"
    made.mkdir(parents=True)
    (made / "chip.bin").write_bytes(chip_memory(Order(KEYS)))
    mark(made, test=True)
    return made


def mark(folder: Path, *, test: bool) -> None:
    passport = {"blank": "B-1", "material": "pvc", "chip": True, "stripe": None, "test": test}
    (folder / "card.json").write_text(json.dumps(passport))


def invoke(folder: Path, *words: str) -> Any:
    state = folder.parents[2]
    return CliRunner().invoke(app, ["pay", "--state", str(state), *words])


def test_a_customers_card_is_refused_and_not_touched(folder: Path) -> None:
    mark(folder, test=False)
    before = (folder / "chip.bin").read_bytes()
    done = invoke(folder, CARD, "--aid", AID.hex())
    assert isinstance(done.exception, NotATestCardError)
    assert (folder / "chip.bin").read_bytes() == before


def test_without_a_line_the_issuer_cannot_be_asked(folder: Path) -> None:
    for counter in (1, 2):
        done = invoke(folder, CARD, "--aid", AID.hex(), "--json")
        assert done.exit_code == 1
        told = json.loads(done.stdout)
        assert (told["outcome"], told["code"]) == ("declined", "UNABLE_ONLINE")
        assert told["issuer"] == "can't be reached: no line runs here"
        # The chip remembers.
        assert told["atc"] == counter
    assert told["commands"][-1] == "GENERATE AC: 9000"
    assert "forced_online" in told["tvr"]["bits"]


def test_people_see_every_step(folder: Path) -> None:
    done = invoke(folder, CARD, "--aid", AID.hex(), "--amount", "9.99")
    assert "GET PROCESSING OPTIONS" in done.stdout
    assert "declined: UNABLE_ONLINE" in done.stdout
    assert PAN not in done.stdout


@pytest.mark.parametrize("words", [("--amount", "-1"), ("--amount", "x"), ("--aid", "00"), ()])
def test_what_makes_no_sense_is_refused_first(folder: Path, words: tuple[str, ...]) -> None:
    before = (folder / "chip.bin").read_bytes()
    assert invoke(folder, CARD, *words).exit_code == 2
    assert (folder / "chip.bin").read_bytes() == before


def test_the_known_systems_are_accepted(folder: Path, chain: Chain) -> None:
    keys = folder.parents[2] / "keys"
    keys.mkdir()
    ca = chain.ca_public
    entry = {
        "rid": ca.rid.hex(),
        "index": f"{ca.index:02X}",
        "modulus": ca.modulus.hex(),
        "exponent": ca.exponent,
        "expiry": "2030-12",
        "check_sum": ca.checksum.hex(),
    }
    (keys / "capk.json").write_text(json.dumps([entry]))
    assert load_ca_keys((keys / "capk.json").read_bytes()) == (ca,)
    assert json.loads(invoke(folder, CARD, "--json").stdout)["application"] == AID.hex().upper()


def test_a_transaction_in_words(chain: Chain) -> None:
    chip = ChipCard([directory(), Order(KEYS, aip=b"\x3d\0", chain=chain).personalize()])
    terminal = profile(chain, tac_online=b"\0\0\0\x08\0")
    done = pay(chip, terminal, request(forced_online=True), SoftwareIssuerHost(KEYS, Rules()))
    told = describe(done)
    assert told["offline_authentication"] == {"method": "CDA", "result": "OK"}
    assert [each["kind"] for each in told["cryptograms"]] == ["ARQC", "TC"]
    assert told["selected_by"] == "PSE"
    assert (told["outcome"], told["response_code"]) == ("approved", "00")
    assert "issuer_authentication" in told["tsi"]["bits"]
    assert PAN not in json.dumps(told)
