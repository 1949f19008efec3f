"""What can go wrong between this side and the encoder."""

from __future__ import annotations

from typing import Final

__all__ = ["MsrError", "status_error"]


class MsrError(Exception):
    """The encoder refused, failed, or did not make sense.

    After MSR_TIMEOUT, MSR_OUT_OF_STEP and MSR_LOST it is unknown what the stripe holds: read it.

    Attributes:
        code: MSR_LOST (the port is gone), MSR_TIMEOUT (no answer in time), MSR_NO_SWIPE (no card
            came past the head), MSR_OUT_OF_STEP (octets that are no answer to what was asked),
            MSR_WRITE (writing or reading failed), MSR_SWIPE (the card did not move steadily),
            MSR_REFUSED (it does not take the command), MSR_SETTING (it keeps another setting than
            it was given), MSR_DATA (what was to be written is too long).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_STATUS: Final = {
    0x31: ("MSR_WRITE", "the stripe can't be written or read: clean head and card, swipe again"),
    0x32: ("MSR_REFUSED", "the encoder finds the command malformed: check its model"),
    0x34: ("MSR_REFUSED", "the encoder does not know the command: check its model"),
    0x39: ("MSR_SWIPE", "the card did not move steadily past the head: swipe it again"),
    0x41: ("MSR_REFUSED", "the encoder does not take the setting: check its model"),
}


def status_error(status: int) -> MsrError:
    """Return what a status octet other than 30 means (manual, section 7)."""
    code, message = _STATUS.get(
        status, ("MSR_OUT_OF_STEP", f"the encoder ended with {status:02X}: reset it")
    )
    return MsrError(code, message)
