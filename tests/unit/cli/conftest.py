from __future__ import annotations

import pytest

from tests.unit.terminal.rsa_kit import Chain


@pytest.fixture(scope="session")
def chain() -> Chain:
    return Chain.make()
