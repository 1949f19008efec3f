"""What a machine's driver meets: a refusal, or silence."""

from __future__ import annotations

__all__ = ["DeviceLostError", "DeviceRefusedError"]


class DeviceRefusedError(Exception):
    """The machine answered, and refused the request.

    Attributes:
        code: the machine's code, as listed in docs/devices.md.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class DeviceLostError(Exception):
    """No answer came: what became of the request is unknown; ask the machine by the job's id.

    Attributes:
        code: DEVICE_UNREACHABLE (nobody listens: nothing was sent), DEVICE_LOST (it hung up),
            DEVICE_TIMEOUT (no answer in time) or DEVICE_OUT_OF_STEP (frames that make no sense).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
