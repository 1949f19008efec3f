from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.issuer.keys import create_keys
from services.request.adapters.catalogue import CatalogueError, load_catalogue
from services.request.domain.model import Presence

GOOD = """
name: badge
eligibility: {photo: required, account: none, employee: optional}
issuers: [borealis-works]
more: of no concern here
"""


def product(folder: Path, content: str, version: str = "v1") -> None:
    path = folder / "products" / "badge" / f"{version}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def test_the_catalogue_of_this_house_reads(tmp_path: Path) -> None:
    for issuer in ("aurora-bank", "borealis-works"):
        create_keys(issuer, tmp_path)
    catalogue = load_catalogue(Path("catalogue"), tmp_path)
    assert catalogue.issuers.keys() == {"aurora-bank", "borealis-works"}
    assert catalogue.products.keys() >= {"emv-debit", "employee-badge"}
    bank = catalogue.issuers["aurora-bank"]
    assert bank.issuer.bin == "999999"
    assert list(bank.signing_keys) == ["aurora-bank/sign#1"]
    assert catalogue.products["employee-badge"].eligibility.photo is Presence.REQUIRED


def test_the_newest_version_counts(tmp_path: Path) -> None:
    product(tmp_path, GOOD, "v9")
    product(tmp_path, GOOD.replace("required", "none"), "v10")
    badge = load_catalogue(tmp_path, tmp_path).products["badge"]
    assert badge.eligibility.photo is Presence.NONE
    assert badge.issuers == frozenset({"borealis-works"})


def test_a_draft_does_not_count(tmp_path: Path) -> None:
    product(tmp_path, GOOD, "v1")
    product(tmp_path, GOOD.replace("required", "none") + "state: draft\n", "v2")
    badge = load_catalogue(tmp_path, tmp_path).products["badge"]
    assert badge.eligibility.photo is Presence.REQUIRED
    product(tmp_path, GOOD + "state: draft\n", "v1")
    assert load_catalogue(tmp_path, tmp_path).products == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name: [", "not YAML"),
        ("name: badge", "eligibility"),
        (GOOD.replace("required", "perhaps"), "eligibility.photo"),
        (GOOD.replace("name: badge", "name: other"), "name must be"),
    ],
)
def test_a_product_that_is_not_one(tmp_path: Path, content: str, says: str) -> None:
    product(tmp_path, content)
    with pytest.raises(CatalogueError, match=says):
        load_catalogue(tmp_path, tmp_path)


def test_a_product_without_a_version(tmp_path: Path) -> None:
    (tmp_path / "products" / "badge").mkdir(parents=True)
    with pytest.raises(CatalogueError, match=r"v1\.yaml"):
        load_catalogue(tmp_path, tmp_path)
