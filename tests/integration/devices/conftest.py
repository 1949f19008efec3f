from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.devices.device_process import Device


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Start devices on one floor; they end with the test."""
    running: list[Device] = []

    def start(kind: str, *options: str) -> Device:
        running.append(Device(kind, tmp_path, *options))
        return running[-1]

    yield start
    for one in running:
        one.close()
