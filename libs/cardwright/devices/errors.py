"""The one error that a device answers with."""

from __future__ import annotations

__all__ = ["DeviceError"]


class DeviceError(Exception):
    """A refusal or a mechanical fault, sent to the driver as ``{"code", "message"}``.

    Attributes:
        code: an UPPER_SNAKE fault code listed in docs/devices.md.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
