from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cardwright.artwork.load import load_design
from cardwright.card import Operation
from cardwright.chip.badge_applet import BadgeApplet
from cardwright.chip.emv import EmvApplet
from cardwright.issuer.keys import create_keys
from services.dataprep.catalogue import ProductError, load_catalogue, load_product
from services.dataprep.chips import BadgeChip, EmvChip
from tests.unit.dataprep.chip_kit import DEBIT_2
from tests.unit.dataprep.fakes import BADGE, CATALOGUE, DEBIT

DEBIT_FILE = CATALOGUE / "products/emv-debit/v1.yaml"


@pytest.mark.parametrize("product", [DEBIT, BADGE], ids=lambda product: product.name)
def test_the_route_leads_past_all_stations(product: Any) -> None:
    assert product.route == (
        Operation.DERIVE_KEYS,
        Operation.PRINT,
        Operation.ENCODE,
        Operation.INSPECT,
        Operation.PACK,
        Operation.DISPATCH,
    )


def test_the_modules_are_those_of_the_chip() -> None:
    assert isinstance(DEBIT.chip, EmvChip)
    assert DEBIT.chip.module_aid == EmvApplet.MODULE
    assert isinstance(BADGE.chip, BadgeChip)
    assert BADGE.chip.module_aid == BadgeApplet.MODULE


@pytest.mark.parametrize("product", [DEBIT, BADGE], ids=lambda product: product.name)
def test_each_design_gets_the_fields_it_asks_for(product: Any) -> None:
    name, _, version = product.design.partition("/")
    design = load_design(CATALOGUE / "designs" / name / version)
    photo = {"photo"} if product.photo else set()
    assert design.fields == product.print.keys() | photo


def test_the_catalogue_finds_the_newest_version(tmp_path: Path) -> None:
    for issuer in ("aurora-bank", "borealis-works"):
        create_keys(issuer, tmp_path)
    catalogue = load_catalogue(CATALOGUE, tmp_path)
    assert catalogue.product("emv-debit", 1) == DEBIT
    assert catalogue.product("emv-debit") == catalogue.product("emv-debit", 2) == DEBIT_2
    assert catalogue.product("emv-debit", 99) is None
    assert catalogue.product("emv-credit") is None
    assert catalogue.issuer_keys["aurora-bank"]["use"] == "enc"
    assert "d" not in catalogue.issuer_keys["aurora-bank"]


def _written(tmp_path: Path, changes: dict[str, Any]) -> Path:
    document = yaml.safe_load(DEBIT_FILE.read_text(encoding="utf-8"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    folder = tmp_path / "emv-debit"
    folder.mkdir()
    file = folder / "v1.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"version": 2}, "path"),
        ({"colour": "red"}, "colour"),
        ({"route": ["PRINT", "PRINT", "DISPATCH"]}, "once"),
        ({"route": ["PREPARE", "DISPATCH"]}, "PREPARE"),
        ({"route": ["PRINT"]}, "DISPATCH"),
        ({"route": ["FLY"]}, "FLY"),
        ({"payment.service_code": "881"}, "service_code"),
        ({"payment": None}, "payment section"),
        ({"stripe.track2": "00000000{cvv}"}, "track2"),
        ({"stripe.track2": "no value"}, "track2"),
        ({"chip.aip": "1"}, "aip"),
        ({"chip.cvm_list": "4203"}, "CVM list"),
        ({"chip.instance_aid": 123}, "instance_aid"),
        ({"chip.kind": "sim"}, "kind"),
        ({"keys": {"MK-AC": "IMK-AC"}}, "keys"),
        ({"print": {"name": "mother"}}, "print"),
        ({"max_attempts": 0}, "max_attempts"),
    ],
    ids=str,
)
def test_a_product_that_could_make_no_card_is_refused(
    tmp_path: Path, changes: dict[str, Any], where: str
) -> None:
    with pytest.raises(ProductError, match=where) as raised:
        load_product(_written(tmp_path, changes))
    assert raised.value.code == "PRODUCT_FORMAT"


def test_a_product_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="AIP_WITHOUT_KEYS") as raised:
        load_product(_written(tmp_path, {"chip.aip": "7800"}))
    assert raised.value.code == "PRODUCT_LINT"


BADGE_CHIP: dict[str, Any] = {
    "kind": "badge",
    "module_aid": "F0435742444701",
    "instance_aid": "F0434152445702",
    "kmc": "chip/KMC#1",
    "label": "X",
    "records": [{"sfi": 21, "number": 1, "objects": {"DF05": "credential_bits"}}],
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"records": [{"sfi": 1, "number": 1, "objects": {"5FFF": "card_id"}}]}, "records"),
        (
            {"records": [{"sfi": 20, "number": 1, "objects": {"DF05": "credential_bits"}}]},
            "files 21 to 30",
        ),
        ({"system_identifier": "LONGERTHAN"}, "system_identifier"),
        ({"instance_aid": "F0434152445702FF", "system_identifier": "DOORWAYS"}, "15 octets"),
    ],
    ids=["tag", "open file", "long system", "long input"],
)
def test_a_badge_that_could_not_be_made_is_refused(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ProductError, match=why) as raised:
        load_product(_written(tmp_path, {"chip": BADGE_CHIP | changes}))
    assert raised.value.code == "PRODUCT_FORMAT"


def test_a_badges_bits_are_not_printed(tmp_path: Path) -> None:
    changes = {"chip": BADGE_CHIP, "print": {"number": "credential_bits"}}
    with pytest.raises(ProductError, match="show credential_number"):
        load_product(_written(tmp_path, changes))


def test_a_product_tells_whether_it_has_an_access_number() -> None:
    products = CATALOGUE / "products/employee-badge"
    assert [load_product(products / f"v{n}.yaml").credential for n in (1, 2)] == [False, True]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="v7") as raised:
        load_product(tmp_path / "ghost/v7.yaml")
    assert raised.value.code == "PRODUCT_MISSING"
