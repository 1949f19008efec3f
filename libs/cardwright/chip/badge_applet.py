"""A badge credential: records to read, and AES keys by which badge and reader prove themselves."""

from __future__ import annotations

from hmac import compare_digest

from cardwright.chip.apdu import Command, Handlers, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.crypto import aes_cmac, aes_key_check_value, unpad

__all__ = ["BadgeApplet"]

_KEY, _KEY_CHECK_VALUE = 0x8000, 0x9000
_NUMBERS = range(1, 16)
_KEY_SIZES = (16, 24, 32)
_CHALLENGE_SIZE = 16
_MAX_FAILURES = 10
_FIRST_PROTECTED_SFI = 21

_LABEL = b"CARDWRIGHT BADGE READER"
"""Before the card's own challenge, so that no answer of the card is also a reader's answer."""


class BadgeApplet(Applet):
    """Groupings: records 0101 to 1EFE, 9102 (A5, optional), keys 8001 to 800F, KCVs 9001 to 900F.

    Key 1 is there, others and check values may be. INTERNAL AUTHENTICATE over a challenge of 8 to
    32 octets answers its AES-CMAC. Files 21 to 30 are read after EXTERNAL AUTHENTICATE alone: the
    AES-CMAC of a label and what GET CHALLENGE answered right before. P2 is the key's number, 0 for
    key 1. Ten failures in a row block a key for EXTERNAL AUTHENTICATE.
    """

    PACKAGE = b"\xf0CWBDG"
    MODULE = b"\xf0CWBDG\x01"
    ENCRYPTED = frozenset(_KEY | number for number in _NUMBERS)

    def handlers(self) -> Handlers:
        """Authentication, and reading that may depend on it."""
        return {
            (0x00, 0x82): self._external_authenticate,
            (0x00, 0x84): self._get_challenge,
            (0x00, 0x88): self._internal_authenticate,
            (0x00, 0xB2): self._read_protected,
        }

    def check(self, grouping: int, value: bytes) -> None:
        """Keys of 16, 24 or 32 octets and check values of three."""
        sizes = {_KEY: _KEY_SIZES, _KEY_CHECK_VALUE: (3,)}.get(grouping & ~0xF)
        if sizes is None or grouping & 0xF not in _NUMBERS:
            raise Refusal(Status.NO_REFERENCE)
        if len(value) not in sizes:
            raise Refusal(Status.WRONG_DATA)

    def store(self, grouping: int, value: bytes, *, encrypted: bool) -> None:
        """Take a grouping in; of a key, without what padded it for its encipherment.

        One of 2^64 keys ends like padding: it needs its check value to be refused.
        """
        unpadded = unpad(value) if grouping in self.ENCRYPTED else None
        if unpadded is not None and len(unpadded) in _KEY_SIZES:
            value = unpadded
        super().store(grouping, value, encrypted=encrypted)

    def complete(self) -> bool:
        """Key 1 is there, and each key whose check value came has it."""
        keys = self.groupings
        return _KEY | 1 in keys and all(
            _KEY | number in keys and value == aes_key_check_value(keys[_KEY | number])
            for number in _NUMBERS
            if (value := keys.get(_KEY_CHECK_VALUE | number)) is not None
        )

    def reset(self) -> None:
        """Forget who proved itself."""
        self._authenticated = False
        self._challenge = self._next_challenge = b""

    def process(self, command: Command) -> bytes:
        """Run a command; a challenge is good for the next one alone."""
        self._challenge, self._next_challenge = self._next_challenge, b""
        return super().process(command)

    def _get_challenge(self, command: Command) -> bytes:
        command.require_p1_p2(0, 0)
        command.require_length(0)
        self._next_challenge = self.random(_CHALLENGE_SIZE)
        return self._next_challenge

    def _internal_authenticate(self, command: Command) -> bytes:
        _, key = self._key(command)
        command.require_length(*range(8, 33))
        return aes_cmac(key, command.data)

    def _external_authenticate(self, command: Command) -> bytes:
        """Check the reader's proof; 6985 without a fresh challenge, 63Cx with the tries left."""
        number, key = self._key(command)
        command.require_length(16)
        if not self._challenge:
            raise Refusal(Status.NOT_NOW)
        name = f"failures_{number}"
        failures = self.counters.get(name, 0)
        if failures >= _MAX_FAILURES:
            raise Refusal(Status.BLOCKED)
        # The failure is written before the comparison, so that cutting the power gains nothing.
        self.counters[name] = failures + 1
        if not compare_digest(aes_cmac(key, _LABEL + self._challenge), command.data):
            raise Refusal(Status.VERIFY_FAILED | _MAX_FAILURES - failures - 1)
        self.counters[name] = 0
        self._authenticated = True
        return b""

    def _read_protected(self, command: Command) -> bytes:
        if command.p2 >> 3 >= _FIRST_PROTECTED_SFI and not self._authenticated:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return self._read_record(command)

    def _key(self, command: Command) -> tuple[int, bytes]:
        number = command.p2 or 1
        key = self.groupings.get(_KEY | number) if number in _NUMBERS else None
        if command.p1:
            raise Refusal(Status.WRONG_P1_P2)
        if key is None:
            raise Refusal(Status.NO_REFERENCE)
        return number, key
