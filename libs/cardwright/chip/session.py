"""What SCP02 and SCP03 have in common on the card's side: one session of a secure channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from hmac import compare_digest
from typing import ClassVar

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.keys import KeySet

__all__ = ["C_ENC", "C_MAC", "R_ENC", "R_MAC", "Session"]

C_MAC, C_ENC, R_MAC, R_ENC = 0x01, 0x02, 0x10, 0x20
"""The bits of a security level (GP 2.3.1, table 10-1)."""


class Session(ABC):
    """A secure channel session, from INITIALIZE UPDATE until it is dropped.

    Attributes:
        level: the security level; None until the host is authenticated.
        mac_size: octets of challenges, cryptograms and MACs.
        block: octets of a block of the data encryption key's cipher.
    """

    _LEVELS: ClassVar[Mapping[int, int]]
    """Security levels, each with the bits of ``i`` that it needs."""

    block: ClassVar[int]

    def __init__(self, keys: KeySet, i: int, mac_size: int = 8) -> None:
        self._keys = keys
        self._i = i
        self.mac_size = mac_size
        self.level: int | None = None

    @abstractmethod
    def answer(self, diversification_data: bytes) -> bytes:
        """The response to INITIALIZE UPDATE."""

    @abstractmethod
    def unwrap(self, command: Command) -> Command:
        """Check the C-MAC, decrypt, and give the command as if it had come in clear."""

    @abstractmethod
    def wrap(self, data: bytes, status: int) -> bytes:
        """Protect a response as the level says; data, then the status word."""

    @abstractmethod
    def decrypt_sensitive(self, data: bytes) -> bytes:
        """Undo data encryption; 6A80 for what is no whole blocks."""

    @property
    @abstractmethod
    def _host_cryptogram(self) -> bytes:
        """What the host must answer the card's challenge with."""

    @abstractmethod
    def _check_mac(self, command: Command) -> bytes:
        """The command's data without the C-MAC, which is right; else 6982."""

    @abstractmethod
    def _opened(self) -> None:
        """The host is authenticated."""

    def has(self, bits: int) -> bool:
        """Whether the host is authenticated and the level holds all of these bits."""
        return self.level is not None and self.level & bits == bits

    def authenticate(self, command: Command) -> None:
        """EXTERNAL AUTHENTICATE (GP 2.3.1, E.5.2; Amendment D, 7.1.2).

        A wrong cryptogram is 6300 and a wrong MAC 6982; either counts against the key set, and
        the tenth in a row blocks it: 6983.
        """
        if self.level is not None:
            raise Refusal(Status.NOT_NOW)
        needs = self._LEVELS.get(command.p1)
        if needs is None or needs & ~self._i or command.p2:
            raise Refusal(Status.WRONG_P1_P2)
        command.require_length(2 * self.mac_size)
        if not compare_digest(command.data[: self.mac_size], self._host_cryptogram):
            self._keys.failures += 1
            blocked = self._keys.blocked
            raise Refusal(Status.BLOCKED if blocked else Status.AUTHENTICATION_FAILED)
        try:
            self._check_mac(command)
        except Refusal:
            self._keys.failures += 1
            raise
        self._keys.failures = 0
        self._opened()
        self.level = command.p1
