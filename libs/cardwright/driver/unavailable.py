"""From a lost machine to what the station runtime waits out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cardwright.driver.errors import DeviceLostError
from cardwright.station.ports import DeviceUnavailableError

__all__ = ["device_away"]


@contextlib.contextmanager
def device_away(name: str) -> Iterator[None]:
    """Turn DeviceLostError into DeviceUnavailableError, under the machine's name in facts."""
    try:
        yield
    except DeviceLostError as lost:
        raise DeviceUnavailableError(lost.code, f"{name} does not answer") from lost
