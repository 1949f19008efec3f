"""The card's half of SCP02 (GlobalPlatform Card Specification 2.3.1, appendix E).

Explicit initiation, three static keys, C-MAC on the modified command, ICV encrypted: i = 15 and
35 with a random card challenge, 55 and 75 with the well-known pseudo-random one; 35 and 75 know
R-MAC too. BEGIN and END R-MAC SESSION and the level 10 are not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from hmac import compare_digest
from typing import ClassVar

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.crypto import (
    des_encrypt_block,
    pad,
    retail_mac,
    tdes_cbc_decrypt,
    tdes_cbc_encrypt,
    tdes_ecb_decrypt,
    unpad,
)
from cardwright.chip.keys import DEK, ENC, MAC, KeySet
from cardwright.chip.session import C_ENC, R_MAC, Session

__all__ = ["Scp02Session"]

_PSEUDO_RANDOM, _I_R_MAC = 0x40, 0x20  # bits of i (table E-1)
_C_MAC_KEY, _R_MAC_KEY, _DEK_KEY, _ENC_KEY = 0x0101, 0x0102, 0x0181, 0x0182
_LAST_SEQUENCE = 0xFFFF


class Scp02Session(Session):
    """One session."""

    _LEVELS: ClassVar = {0x00: 0, 0x01: 0, 0x03: 0, 0x11: _I_R_MAC, 0x13: _I_R_MAC}
    block = 8

    def __init__(
        self,
        keys: KeySet,
        i: int,
        aid: bytes,
        host_challenge: bytes,
        random: Callable[[int], bytes],
    ) -> None:
        """INITIALIZE UPDATE (E.5.1): 6700 for another host challenge than one of 8 octets.

        6985 when the sequence counter is used up.
        """
        super().__init__(keys, i)
        if len(host_challenge) != 8:
            raise Refusal(Status.WRONG_LENGTH)
        if keys.sequence >= _LAST_SEQUENCE:
            raise Refusal(Status.NOT_NOW)
        self._sequence = keys.sequence.to_bytes(2, "big")
        self._enc = self._derived(ENC, _ENC_KEY)
        self._mac = self._derived(MAC, _C_MAC_KEY)
        self._rmac = self._derived(MAC, _R_MAC_KEY)
        self._dek = self._derived(DEK, _DEK_KEY)
        self._host_challenge = host_challenge
        self._card_challenge = retail_mac(self._mac, aid)[:6] if i & _PSEUDO_RANDOM else random(6)
        self._last_mac = b""
        self._last_rmac = b""
        self._stripped = b""
        """The last command as the R-MAC sees it."""

    def answer(self, diversification_data: bytes) -> bytes:
        """Key information, counter, challenge and cryptogram (E.5.1.6)."""
        head = diversification_data + bytes((self._keys.version, 0x02))
        mutual = self._sequence + self._card_challenge
        return head + mutual + self._cryptogram(self._host_challenge + mutual)

    def unwrap(self, command: Command) -> Command:
        """Decrypt first, then check the C-MAC, which is over the plain data (E.4.4, E.4.6)."""
        data, mac = command.data[:-8], command.data[-8:]
        if data and self.has(C_ENC):
            plain = None if len(data) % 8 else unpad(tdes_cbc_decrypt(self._enc, data))
            if plain is None:
                raise Refusal(Status.SECURITY_NOT_SATISFIED)
            data = plain
        data = self._check_mac(replace(command, data=data + mac))
        clear = replace(command, cla=command.cla & ~0x04, data=data)
        self._stripped = clear.header(len(data)) + data
        return clear

    def wrap(self, data: bytes, status: int) -> bytes:
        """Add the R-MAC, to errors too; it chains from the session's first C-MAC (E.4.5)."""
        trailer = status.to_bytes(2, "big")
        if not self.has(R_MAC):
            return data + trailer
        length = bytes((len(data) & 0xFF,))
        message = self._stripped + length + data + trailer
        self._last_rmac = retail_mac(self._rmac, message, self._last_rmac)
        return data + self._last_rmac + trailer

    def decrypt_sensitive(self, data: bytes) -> bytes:
        """The session's data encryption key, triple DES in ECB mode (E.4.7)."""
        if not data or len(data) % self.block:
            raise Refusal(Status.WRONG_DATA)
        return tdes_ecb_decrypt(self._dek, data)

    @cached_property
    def _host_cryptogram(self) -> bytes:
        return self._cryptogram(self._sequence + self._card_challenge + self._host_challenge)

    def _cryptogram(self, message: bytes) -> bytes:
        """A full triple DES MAC under the session's S-ENC (E.4.2, B.1.2.1)."""
        return tdes_cbc_encrypt(self._enc, pad(message, 8))[-8:]

    def _derived(self, identifier: int, constant: int) -> bytes:
        """A session key (E.4.1)."""
        data = constant.to_bytes(2, "big") + self._sequence + bytes(12)
        return tdes_cbc_encrypt(self._keys.keys[identifier].value, data)

    def _check_mac(self, command: Command) -> bytes:
        data, received = command.data[:-8], command.data[-8:]
        icv = des_encrypt_block(self._mac, self._last_mac) if self._last_mac else bytes(8)
        mac = retail_mac(self._mac, command.header(len(data) + 8) + data, icv)
        if not compare_digest(mac, received):
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        self._last_mac = mac
        return data

    def _opened(self) -> None:
        """The first C-MAC was right: the counter goes up, and R-MACs begin there (E.1.2, E.3.2)."""
        self._keys.sequence += 1
        self._last_rmac = self._last_mac
