from __future__ import annotations

import pytest

from tests.unit.request.request_support import Bureau


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()
