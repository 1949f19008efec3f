from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from cardwright.emv.profile_bits import AIP, TVR, USAGE_CONTROL
from cardwright.emv.profile_cvm import Condition, CvmMethod
from services.dataprep.schema import product_schema_text, schema_text
from tests.unit.dataprep.fakes import CATALOGUE

FILE = CATALOGUE.parent / "docs/schemas/emv-profile.schema.json"
PRODUCT_FILE = CATALOGUE.parent / "docs/schemas/product.schema.json"


def test_the_published_schema_is_current() -> None:
    """If not: ``python -m services.dataprep.schema > docs/schemas/emv-profile.schema.json``."""
    assert FILE.read_text(encoding="utf-8") == schema_text()
    assert PRODUCT_FILE.read_text(encoding="utf-8") == product_schema_text()


def test_products_use_keys_that_their_schema_has() -> None:
    properties = json.loads(PRODUCT_FILE.read_text(encoding="utf-8"))["properties"]
    for path in CATALOGUE.glob("products/*/v*.yaml"):
        product = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert product.keys() <= properties.keys()
        assert set(product["route"]) <= set(properties["route"]["items"]["enum"])


def _enumerations(node: Any) -> list[set[str]]:
    if isinstance(node, list):
        return [found for item in node for found in _enumerations(item)]
    if not isinstance(node, dict):
        return []
    inner = [found for value in node.values() for found in _enumerations(value)]
    values = node.get("enum", [])
    return [set(map(str, values)), *inner] if isinstance(values, list) and values else inner


@pytest.mark.parametrize(
    "names",
    [
        set(AIP.masks),
        set(TVR.masks),
        set(USAGE_CONTROL.masks),
        {method.value for method in CvmMethod},
        {condition.value for condition in Condition},
    ],
    ids=["AIP", "TVR", "usage", "methods", "conditions"],
)
def test_the_schema_offers_all_names(names: set[str]) -> None:
    assert names in _enumerations(json.loads(FILE.read_text(encoding="utf-8")))


def test_profiles_use_keys_that_the_schema_has() -> None:
    properties = json.loads(FILE.read_text(encoding="utf-8"))["properties"]
    for path in CATALOGUE.glob("profiles/*/v*.yaml"):
        assert yaml.safe_load(path.read_text(encoding="utf-8")).keys() <= properties.keys()
