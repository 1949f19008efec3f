"""The shipped designs, and fields that suit them."""

from __future__ import annotations

import pytest

from cardwright.artwork import Design, Renderer, load_design
from cardwright.secret import SecretText
from tests.unit.artwork.design_support import CARD_ID, DESIGNS, PHOTOS, Fields


@pytest.fixture(scope="session")
def debit() -> Design:
    return load_design(DESIGNS / "emv-debit" / "v1")


@pytest.fixture(scope="session")
def badge() -> Design:
    return load_design(DESIGNS / "employee-badge" / "v1")


@pytest.fixture(scope="session")
def debit_renderer(debit: Design) -> Renderer:
    return Renderer(debit)


@pytest.fixture(scope="session")
def badge_renderer(badge: Design) -> Renderer:
    return Renderer(badge)


@pytest.fixture
def debit_fields() -> Fields:
    return {
        "issuer_name": SecretText("Aldermoor Bank"),
        "pan_groups": SecretText("9999 0012 3456 7891"),
        "expiry_mmyy": SecretText("09/30"),
        "name": SecretText("Ines Marlowe"),
        "cvv2": SecretText("738"),
        "card_id": SecretText(CARD_ID),
    }


@pytest.fixture
def badge_fields() -> Fields:
    return {
        "issuer_name": SecretText("Aldermoor Works"),
        "photo": (PHOTOS / "portrait-1.jpg").read_bytes(),
        "name": SecretText("Ines Marlowe"),
        "department": SecretText("Hydraulics"),
        "employee_no": SecretText("A-004217"),
        "card_id": SecretText(CARD_ID),
    }
