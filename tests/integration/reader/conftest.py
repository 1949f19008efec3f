from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.reader.service import Service, missing


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    if reason := missing():
        pytest.skip(reason)
    with Service(tmp_path) as running:
        yield running
