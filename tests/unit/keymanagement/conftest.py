from __future__ import annotations

import pytest

from tests.support.softhsm import House, missing
from tests.unit.keymanagement.module_kit import Kit


@pytest.fixture(scope="session", params=["software", "softhsm"])
def kit(request: pytest.FixtureRequest) -> Kit:
    """Every test of a verb runs over the keystore's backend and over SoftHSM."""
    if request.param == "software":
        return Kit()
    if reason := missing():
        pytest.skip(reason)
    return Kit(House())
