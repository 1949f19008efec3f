from __future__ import annotations

import pytest

from cardwright.chip import Chip
from tests.unit.chip.personalizer import (
    EMV_AID,
    EMV_CODE,
    check_values_by_psec,
    emv_groupings,
    new_chip,
    open_session,
    run,
    script,
)


@pytest.fixture
def chip() -> Chip:
    return new_chip()


@pytest.fixture(scope="session")
def check_values() -> bytes:
    return check_values_by_psec()


@pytest.fixture
def payment_chip(chip: Chip, check_values: bytes) -> Chip:
    channel = open_session(chip)
    groupings = emv_groupings(channel, check_values)
    responses = run(chip, channel, script(EMV_CODE, EMV_AID, groupings))
    assert {each[-2:].hex() for each in responses} == {"9000"}
    return chip
