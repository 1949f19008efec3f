"""The body of the APDUS command: each unit behind its length in two octets, big-endian."""

from __future__ import annotations

from collections.abc import Sequence

from cardwright.driver.errors import DeviceLostError

__all__ = ["pack_apdus", "unpack_apdus"]

_LENGTH = 2


def pack_apdus(apdus: Sequence[bytes]) -> bytes:
    """Return the units as one body."""
    return b"".join(len(apdu).to_bytes(_LENGTH, "big") + apdu for apdu in apdus)


def unpack_apdus(body: bytes) -> list[bytes]:
    """Read what ``pack_apdus`` writes.

    Raises:
        DeviceLostError: DEVICE_OUT_OF_STEP, the lengths don't add up.
    """
    apdus, at = [], 0
    while at < len(body):
        start = at + _LENGTH
        end = start + int.from_bytes(body[at:start], "big")
        if end > len(body):
            raise DeviceLostError("DEVICE_OUT_OF_STEP", "responses whose lengths don't add up")
        apdus.append(body[start:end])
        at = end
    return apdus
