from __future__ import annotations

import pytest

from tests.unit.qa.qa_kit import Made
from tests.unit.terminal.rsa_kit import Chain


@pytest.fixture(scope="session")
def chain() -> Chain:
    return Chain.make()


@pytest.fixture(scope="session")
def made(chain: Chain) -> Made:
    return Made(chain)
