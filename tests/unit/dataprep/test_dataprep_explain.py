from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cardwright.iso.luhn import check_digit
from services.dataprep.catalogue import ProductError, load_profiles, read_product
from services.dataprep.explain import explain_product, load_sample, main
from tests.unit.dataprep.fakes import BADGE, CATALOGUE, DEBIT

PROFILES = load_profiles(CATALOGUE)
SAMPLE = load_sample(CATALOGUE)
DEBIT_2 = read_product(CATALOGUE / "products/emv-debit/v2.yaml")


@pytest.fixture
def app() -> typer.Typer:
    found = typer.Typer()
    found.command()(main)
    return found


def test_the_sample_card_is_nobodys() -> None:
    assert SAMPLE["pan"].startswith("999999")
    assert check_digit(SAMPLE["pan"][:-1]) == SAMPLE["pan"][-1]


def test_applications_and_directories_are_explained() -> None:
    explained = explain_product(DEBIT_2, PROFILES, SAMPLE)
    assert list(explained) == ["F0435754530101", "1PAY.SYS.DDF01", "2PAY.SYS.DDF01"]
    assert {row.tag for row in explained["2PAY.SYS.DDF01"]} == {"4F", "50", "87", "9F2A"}


def test_a_product_of_one_application_is_explained_as_well() -> None:
    (rows,) = explain_product(DEBIT, PROFILES, SAMPLE).values()
    places = {row.tag: row.place for row in rows}
    assert (places["57"], places["5A"], places["8C"]) == (
        "record 1.1",
        "record 2.1",
        "record 2.2",
    )


def test_a_product_that_has_none_is_refused() -> None:
    with pytest.raises(ProductError, match="no EMV application"):
        explain_product(BADGE, PROFILES, SAMPLE)


def test_a_product_of_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ProductError, match="emv-debit-cda/v1") as caught:
        explain_product(DEBIT_2, {}, SAMPLE)
    assert caught.value.code == "PROFILE_MISSING"


def test_the_command_prints_a_line_for_each_data_object(app: typer.Typer) -> None:
    arguments = ["emv-debit/v2", "--catalogue", str(CATALOGUE)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "application F0435754530101" in lines
    (pan,) = (line.split() for line in lines if line.startswith("5A "))
    assert pan[-1] == "999999******0006"
    assert {"0201", "request", "contact", "contactless", "signed"} <= set(pan)
    for secret in (SAMPLE["pan"], SAMPLE["surname"].upper()):
        assert secret not in result.stdout


def test_the_command_tells_machines_too(app: typer.Typer) -> None:
    arguments = ["emv-debit/v2", "--catalogue", str(CATALOGUE), "--json"]
    rows = json.loads(CliRunner().invoke(app, arguments).stdout)["F0435754530101"]
    (label,) = (row for row in rows if row["tag"] == "50")
    assert label == {
        "tag": "50",
        "name": "Application Label",
        "value": b"CARDWRIGHT DEBIT".hex().upper(),
        "meaning": "CARDWRIGHT DEBIT",
        "origin": "profile",
        "place": "SELECT",
        "grouping": "9102",
        "interfaces": ["contact", "contactless"],
        "signed": False,
    }


def test_the_command_refuses_an_unknown_product(app: typer.Typer) -> None:
    arguments = ["emv-debit/v9", "--catalogue", str(CATALOGUE)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("PRODUCT_MISSING: emv-debit/v9.yaml")


def test_the_command_refuses_what_can_not_be_planned(app: typer.Typer, tmp_path: Path) -> None:
    for kind in ("products", "profiles"):
        shutil.copytree(CATALOGUE / kind, tmp_path / kind)
    profile = tmp_path / "profiles/emv-debit-cda/v1.yaml"
    profile.write_text(
        profile.read_text(encoding="utf-8") + f'extra: {{"9F1F": "{"40" * 252}"}}\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["emv-debit/v2", "--catalogue", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.startswith("RECORD_LENGTH: 9F1F")
