"""A badge credential: records to read, and an AES-128 key that answers challenges."""

from __future__ import annotations

from cardwright.chip.apdu import Command, Handlers, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.crypto import aes_cmac, aes_key_check_value

__all__ = ["BadgeApplet"]

_KEY, _KEY_CHECK_VALUE = 0x8001, 0x9001


class BadgeApplet(Applet):
    """Groupings: records 0101 to 1EFE, 9102 (A5, optional), 8001 (key), 9001 (its KCV, optional).

    INTERNAL AUTHENTICATE over a challenge of 8 to 32 octets answers its AES-CMAC, 16 octets.
    """

    PACKAGE = b"\xf0CWBDG"
    MODULE = b"\xf0CWBDG\x01"
    ENCRYPTED = frozenset({_KEY})

    def handlers(self) -> Handlers:
        """INTERNAL AUTHENTICATE."""
        return {(0x00, 0x88): self._internal_authenticate}

    def check(self, grouping: int, value: bytes) -> None:
        """A key of 16 octets and its check value of three."""
        sizes = {_KEY: 16, _KEY_CHECK_VALUE: 3}
        if grouping not in sizes:
            raise Refusal(Status.NO_REFERENCE)
        if len(value) != sizes[grouping]:
            raise Refusal(Status.WRONG_DATA)

    def complete(self) -> bool:
        """A key is there, and it is the one whose check value came."""
        key = self.groupings.get(_KEY)
        if key is None:
            return False
        check_value = self.groupings.get(_KEY_CHECK_VALUE)
        return check_value is None or check_value == aes_key_check_value(key)

    def reset(self) -> None:
        """Nothing lasts only while the badge is selected."""

    def _internal_authenticate(self, command: Command) -> bytes:
        command.require_p1_p2(0, 0)
        command.require_length(*range(8, 33))
        return aes_cmac(self.groupings[_KEY], command.data)
