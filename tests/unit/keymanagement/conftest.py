from __future__ import annotations

import pytest

from tests.unit.keymanagement.module_kit import Kit


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
