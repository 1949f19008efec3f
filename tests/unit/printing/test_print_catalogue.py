from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.artwork import Design
from services.printing.catalogue import CatalogueError, load_designs, load_products
from tests.unit.artwork.design_support import ROOT


def test_every_shipped_product_has_a_material_and_a_design() -> None:
    designs = load_designs(ROOT / "catalogue")
    products = load_products(ROOT / "catalogue", designs)
    debit = products["emv-debit", 1]
    assert (debit.material, debit.design) == ("pvc-dual", "emv-debit/v1")
    assert debit.design_digest.hex() == designs["emv-debit/v1"].digest
    assert products["employee-badge", 1].design == "employee-badge/v1"
    assert products["employee-badge", 2].design == "employee-badge/v2"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name: x\nversion: 1\nmaterial: m\ndesign: y/v1\n", "PRODUCT_DESIGN"),
        ("name: x\nversion: 1\n", "PRODUCT_INVALID"),
        ("name: [", "PRODUCT_INVALID"),
    ],
)
def test_a_product_that_cannot_be_printed_stops_the_start(
    tmp_path: Path, debit: Design, text: str, code: str
) -> None:
    (tmp_path / "products" / "x").mkdir(parents=True)
    (tmp_path / "products" / "x" / "v1.yaml").write_text(text)
    with pytest.raises(CatalogueError) as caught:
        load_products(tmp_path, {"emv-debit/v1": debit})
    assert caught.value.code == code
