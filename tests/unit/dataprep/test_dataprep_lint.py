from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from cardwright.emv.lint import Severity
from services.dataprep.lint import lint_catalogue, main
from tests.unit.dataprep.fakes import CATALOGUE

PROFILE = "profiles/emv-debit-cda/v1.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("products", "profiles"):
        shutil.copytree(CATALOGUE / kind, tmp_path / kind)
    return tmp_path


@pytest.fixture
def app() -> typer.Typer:
    found = typer.Typer()
    found.command()(main)
    return found


def test_the_catalogue_contradicts_itself_nowhere() -> None:
    findings = lint_catalogue(CATALOGUE)
    assert {"emv-debit/v1", "emv-debit/v2", "employee-badge/v1"} <= findings.keys()
    assert findings["emv-debit/v2"] == []
    assert Severity.ERROR not in {f.severity for found in findings.values() for f in found}


def test_a_clean_catalogue_exits_with_zero(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, [str(CATALOGUE)])
    assert result.exit_code == 0
    assert re.fullmatch(r"\d+ checked, \d+ findings", result.stdout.splitlines()[-1])


def test_an_error_exits_with_one_and_says_where(folder: Path, app: typer.Typer) -> None:
    _change(folder / PROFILE, languages=["en", "en"])
    result = CliRunner().invoke(app, [str(folder)])
    assert result.exit_code == 1
    assert (
        "emv-debit/v2: error LANGUAGE_TWICE at emv-debit-cda/v1: languages: "
        "A language is named twice"
    ) in result.stdout


def test_findings_are_told_to_machines_too(folder: Path, app: typer.Typer) -> None:
    _change(folder / PROFILE, languages=["en", "en"])
    result = CliRunner().invoke(app, [str(folder), "--json"])
    assert {
        "of": "emv-debit/v2",
        "severity": "error",
        "code": "LANGUAGE_TWICE",
        "where": "emv-debit-cda/v1: languages",
        "message": "A language is named twice",
    } in json.loads(result.stdout)


def test_a_profile_that_no_product_names_is_checked_by_itself(folder: Path) -> None:
    (folder / "products/emv-debit/v2.yaml").unlink()
    _change(folder / PROFILE, languages=["en", "en"])
    (finding,) = lint_catalogue(folder)["emv-debit-cda/v1"]
    assert (finding.code, finding.where) == ("LANGUAGE_TWICE", "languages")


def test_a_file_that_can_not_be_read_exits_with_one(folder: Path, app: typer.Typer) -> None:
    _change(folder / PROFILE, colour="red")
    result = CliRunner().invoke(app, [str(folder)])
    assert result.exit_code == 1
    assert result.stderr.startswith("PROFILE_FORMAT: emv-debit-cda/v1.yaml: colour")


def _change(file: Path, **changes: object) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(document | changes), encoding="utf-8")
