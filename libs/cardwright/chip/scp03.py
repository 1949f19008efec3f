"""The card's half of SCP03 (GlobalPlatform Card Specification 2.3, Amendment D)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from hmac import compare_digest
from typing import ClassVar

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.crypto import (
    aes_cbc_decrypt,
    aes_cbc_encrypt,
    aes_cmac,
    aes_encrypt_block,
    pad,
    unpad,
)
from cardwright.chip.keys import DEK, ENC, MAC, KeySet
from cardwright.chip.session import C_ENC, R_ENC, R_MAC, Session

__all__ = ["PSEUDO_RANDOM", "Scp03Session"]

PSEUDO_RANDOM = 0x10
"""The bit of ``i`` that says where the card challenge comes from."""

_S16, _I_R_MAC, _I_R_ENC = 0x01, 0x20, 0x40  # further bits of i (table 5-1)
_LAST_SEQUENCE = 0xFFFFFF


def _kdf(key: bytes, constant: int, context: bytes, octets: int) -> bytes:
    """Amendment D, 4.1.5."""
    head = bytes(11) + bytes((constant, 0)) + (octets * 8).to_bytes(2, "big")
    rounds = range(1, -(-octets // 16) + 1)
    return b"".join(aes_cmac(key, head + bytes((n,)) + context) for n in rounds)[:octets]


class Scp03Session(Session):
    """One session; S8 mode, or S16 where ``i`` says so."""

    _LEVELS: ClassVar = {
        0x00: 0,
        0x01: 0,
        0x03: 0,
        0x11: _I_R_MAC,
        0x13: _I_R_MAC,
        0x33: _I_R_MAC | _I_R_ENC,
    }
    block = 16

    def __init__(
        self,
        keys: KeySet,
        i: int,
        aid: bytes,
        host_challenge: bytes,
        random: Callable[[int], bytes],
    ) -> None:
        """INITIALIZE UPDATE (7.1.1): 6700 for a host challenge of another length than ``i`` says.

        6985 when the sequence counter is used up.
        """
        super().__init__(keys, i, 16 if i & _S16 else 8)
        if len(host_challenge) != self.mac_size:
            raise Refusal(Status.WRONG_LENGTH)
        enc, mac = keys.keys[ENC].value, keys.keys[MAC].value
        drawn = not i & PSEUDO_RANDOM
        self._card_challenge = random(self.mac_size) if drawn else self._next_challenge(aid)
        self._context = host_challenge + self._card_challenge
        self._enc = _kdf(enc, 0x04, self._context, len(enc))
        self._mac = _kdf(mac, 0x06, self._context, len(mac))
        self._rmac = _kdf(mac, 0x07, self._context, len(mac))
        self._dek = keys.keys[DEK].value
        self._chain = bytes(16)
        self._counter = 0

    def answer(self, diversification_data: bytes) -> bytes:
        """Key information, challenge, cryptogram and, if it is used, the counter (7.1.1)."""
        pseudo = self._i & PSEUDO_RANDOM
        counter = self._keys.sequence.to_bytes(3, "big") if pseudo else b""
        head = diversification_data + bytes((self._keys.version, 0x03, self._i))
        return head + self._card_challenge + self._cryptogram(0x00) + counter

    def unwrap(self, command: Command) -> Command:
        """Check the C-MAC, then decrypt (6.2.4, 6.2.6)."""
        data = self._check_mac(command)
        self._counter += 1  # also for a command without data
        if data and self.has(C_ENC):
            data = self._decrypted(data)
        return replace(command, cla=command.cla & ~0x04, data=data)

    def wrap(self, data: bytes, status: int) -> bytes:
        """Encrypt, then add the R-MAC; error status words go out bare (6.2.5, 6.2.7)."""
        trailer = status.to_bytes(2, "big")
        if not self.has(R_MAC) or not (status == Status.OK or status >> 8 in (0x62, 0x63)):
            return data + trailer
        if data and self.has(R_ENC):
            block = b"\x80" + self._counter.to_bytes(15, "big")
            data = aes_cbc_encrypt(self._enc, aes_encrypt_block(self._enc, block), pad(data, 16))
        mac = aes_cmac(self._rmac, self._chain + data + trailer)[: self.mac_size]
        return data + mac + trailer

    def decrypt_sensitive(self, data: bytes) -> bytes:
        """Key-DEK itself, AES-CBC with a zero ICV (6.2.8)."""
        if not data or len(data) % self.block:
            raise Refusal(Status.WRONG_DATA)
        return aes_cbc_decrypt(self._dek, bytes(16), data)

    def _next_challenge(self, aid: bytes) -> bytes:
        """The pseudo-random one (6.2.2.1)."""
        keys = self._keys
        if keys.sequence >= _LAST_SEQUENCE:
            raise Refusal(Status.NOT_NOW)
        keys.sequence += 1
        context = keys.sequence.to_bytes(3, "big") + aid
        return _kdf(keys.keys[ENC].value, 0x02, context, self.mac_size)

    @cached_property
    def _host_cryptogram(self) -> bytes:
        return self._cryptogram(0x01)

    def _cryptogram(self, constant: int) -> bytes:
        return _kdf(self._mac, constant, self._context, self.mac_size)

    def _check_mac(self, command: Command) -> bytes:
        data, received = command.data[: -self.mac_size], command.data[-self.mac_size :]
        chain = aes_cmac(self._mac, self._chain + command.header(len(command.data)) + data)
        if not compare_digest(chain[: self.mac_size], received):
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        self._chain = chain
        return data

    def _decrypted(self, data: bytes) -> bytes:
        if len(data) % self.block:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        icv = aes_encrypt_block(self._enc, self._counter.to_bytes(16, "big"))
        plain = unpad(aes_cbc_decrypt(self._enc, icv, data))
        if plain is None:
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        return plain

    def _opened(self) -> None:
        """The counter went up with the challenge already."""
