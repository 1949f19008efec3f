from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv import EmvApplet
from services.dataprep.catalogue import (
    Catalogue,
    ProductError,
    load_product,
    load_profile,
    load_profiles,
    read_product,
)
from services.dataprep.chips import ApplicationsChip
from tests.unit.dataprep.fakes import BANK, CATALOGUE, DEBIT

V2 = "products/emv-debit/v2.yaml"
PROFILE = "profiles/emv-debit-cda/v1.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue to change."""
    for kind in ("products", "profiles"):
        shutil.copytree(CATALOGUE / kind, tmp_path / kind)
    return tmp_path


def change(file: Path, **changes: Any) -> Path:
    """Set keys of the file, or take out those whose value is None."""
    document = yaml.safe_load(file.read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in document.items() if value is not None}
    file.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return file


def chip(**changes: Any) -> dict[str, Any]:
    document = yaml.safe_load((CATALOGUE / V2).read_text(encoding="utf-8"))
    return dict(document["chip"], **changes)


def test_version_2_names_a_profile_of_the_catalogue() -> None:
    profiles = load_profiles(CATALOGUE)
    product = load_product(CATALOGUE / V2, profiles)
    assert isinstance(product.chip, ApplicationsChip)
    assert {item.profile for item in product.chip.applications} <= profiles.keys()
    assert all(reference == profile.reference for reference, profile in profiles.items())


def test_its_modules_are_those_of_the_chip() -> None:
    found = read_product(CATALOGUE / V2).chip
    assert isinstance(found, ApplicationsChip)
    assert found.directory_aid == DirectoryApplet.MODULE
    assert {item.module_aid for item in found.applications} == {EmvApplet.MODULE}


def test_no_card_is_made_of_a_draft() -> None:
    second = read_product(CATALOGUE / V2).model_copy(update={"state": "draft"})
    both = Catalogue({("emv-debit", 1): DEBIT, ("emv-debit", 2): second}, {}, {})
    assert both.product("emv-debit") is DEBIT
    assert both.product("emv-debit", 2) is None


def test_the_newest_active_version_is_served() -> None:
    second = read_product(CATALOGUE / V2)
    both = Catalogue({("emv-debit", 1): DEBIT, ("emv-debit", 2): second}, {}, {})
    assert both.product("emv-debit") is second
    assert both.product("emv-debit", 1) is DEBIT


def test_an_active_product_without_faults_is_loaded(folder: Path) -> None:
    file = change(folder / V2, state="active")
    assert load_product(file, load_profiles(folder)).state == "active"


def test_a_contradiction_keeps_a_product_from_being_active(folder: Path) -> None:
    wrong = chip(directories=["PSE"])
    file = change(folder / V2, state="active", chip=wrong)
    with pytest.raises(ProductError, match="CONTACTLESS_WITHOUT_PPSE") as caught:
        load_product(file, load_profiles(folder))
    assert caught.value.code == "PRODUCT_LINT"
    assert load_product(change(file, state="draft"), load_profiles(folder)).state == "draft"


def test_all_errors_are_listed_and_warnings_are_not(folder: Path) -> None:
    change(folder / PROFILE, languages=["en", "en"], usage_control="FF81", pin_try_limit=None)
    file = change(folder / V2, state="active")
    with pytest.raises(ProductError) as caught:
        load_product(file, load_profiles(folder))
    for code in ("LANGUAGE_TWICE", "USAGE_RESERVED", "PIN_MISSING"):
        assert f"error {code} at emv-debit-cda/v1: " in str(caught.value)
    assert "warning" not in str(caught.value)


def test_a_product_of_an_unknown_profile_is_refused(folder: Path) -> None:
    file = change(folder / V2, state="active")
    with pytest.raises(ProductError, match="no profile emv-debit-cda/v1"):
        load_product(file)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"version": 2}, "path"),
        ({"colour": "red"}, "colour"),
        ({"aid": "F04341"}, "aid"),
        ({"usage_control": ["everything"]}, "usage_control"),
        ({"currency": {"code": "EUR"}}, "currency.code"),
        ({"contact": None}, "contact"),
    ],
    ids=str,
)
def test_a_profile_that_is_none_is_refused(
    folder: Path, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(ProductError, match=where) as caught:
        load_profile(change(folder / PROFILE, **changes))
    assert caught.value.code == "PROFILE_FORMAT"


def test_a_file_that_is_no_yaml_is_named(folder: Path) -> None:
    (folder / PROFILE).write_text("aid: [", encoding="utf-8")
    with pytest.raises(ProductError, match=r"emv-debit-cda/v1\.yaml") as caught:
        load_profiles(folder)
    assert caught.value.code == "PROFILE_FORMAT"


def test_a_missing_profile_is_named(folder: Path) -> None:
    with pytest.raises(ProductError, match=r"v9\.yaml") as caught:
        load_profile(folder / "profiles/emv-debit-cda/v9.yaml")
    assert caught.value.code == "PROFILE_MISSING"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"chip": chip(directory_aid=None)}, "directory_aid"),
        ({"chip": chip(applications=[])}, "applications"),
        ({"chip": chip(directories=["DIR"])}, "directories"),
        ({"keys": {"MK-AC": "{issuer}/IMK-AC#1"}}, "keys"),
        ({"payment": None, "stripe": None}, "payment section"),
        ({"state": "retired"}, "state"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_a_product_of_applications_is_checked(
    folder: Path, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(ProductError, match=where) as caught:
        read_product(change(folder / V2, **changes))
    assert caught.value.code == "PRODUCT_FORMAT"


def test_the_bank_registers_every_key_that_its_product_names() -> None:
    """Else a pin in the product decides, and no rotation reaches it."""
    product = (CATALOGUE / V2).read_text(encoding="utf-8")
    named = set(re.findall(r'"\{issuer\}/([A-Z-]+)#\d+"', product))
    assert {"CVK", "ISSUER-RSA", "KMC"} < named <= BANK.masters.keys()
