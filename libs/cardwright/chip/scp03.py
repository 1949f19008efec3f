"""The card's half of SCP03 (GlobalPlatform Card Specification 2.3, Amendment D), S8 mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hmac import compare_digest

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.crypto import (
    aes_cbc_decrypt,
    aes_cbc_encrypt,
    aes_cmac,
    aes_encrypt_block,
    pad,
    unpad,
)

__all__ = ["MAX_FAILURES", "KeySet", "Session", "card_keys"]

MAX_FAILURES = 10
"""Failed authentications in a row after which a key set is blocked for good."""

_PSEUDO_RANDOM, _R_MAC, _R_ENC = 0x10, 0x20, 0x40  # bits of the parameter i
_LEVELS = {0x00: 0, 0x01: 0, 0x03: 0, 0x11: _R_MAC, 0x13: _R_MAC, 0x33: _R_MAC | _R_ENC}
_LAST_SEQUENCE = 0xFFFFFF


def card_keys(kmc: bytes, diversification_data: bytes) -> tuple[bytes, bytes, bytes]:
    """What the manufacturer loads: Key-ENC, Key-MAC and Key-DEK of one card.

    SP 800-108 counter mode, the counter first: CMAC(KMC, n || 000000 k || 00 || data), n from 1.
    """

    def one(purpose: int) -> bytes:
        rounds = 1 if len(kmc) == 16 else 2
        tail = bytes((0, 0, 0, purpose, 0)) + diversification_data
        return b"".join(aes_cmac(kmc, bytes((n + 1,)) + tail) for n in range(rounds))[: len(kmc)]

    return one(1), one(2), one(3)


def _kdf(key: bytes, constant: int, context: bytes, bits: int) -> bytes:
    """Amendment D, 4.1.5."""
    out = b""
    counter = 0
    while len(out) * 8 < bits:
        counter += 1
        fixed = b"\0" * 11 + bytes((constant, 0, bits >> 8, bits & 0xFF, counter))
        out += aes_cmac(key, fixed + context)
    return out[: bits // 8]


@dataclass(slots=True, repr=False)
class KeySet:
    """A security domain's keys with the counters that outlive a power-down."""

    version: int
    i: int
    enc: bytes
    mac: bytes
    dek: bytes
    sequence: int = 0
    failures: int = 0

    @property
    def blocked(self) -> bool:
        """Too many failed authentications."""
        return self.failures >= MAX_FAILURES

    def card_challenge(self, aid: bytes, random: Callable[[int], bytes]) -> bytes:
        """Pseudo-random from sequence counter and AID (6.2.2.1), or random, as ``i`` says."""
        if not self.i & _PSEUDO_RANDOM:
            return random(8)
        if self.sequence >= _LAST_SEQUENCE:
            raise Refusal(Status.NOT_NOW)
        self.sequence += 1
        return _kdf(self.enc, 0x02, self.sequence.to_bytes(3, "big") + aid, 64)


class Session:
    """A secure channel session, from INITIALIZE UPDATE until it is dropped."""

    def __init__(self, keys: KeySet, host_challenge: bytes, card_challenge: bytes) -> None:
        context = host_challenge + card_challenge
        bits = len(keys.enc) * 8
        self._keys = keys
        self._enc = _kdf(keys.enc, 0x04, context, bits)
        self._mac = _kdf(keys.mac, 0x06, context, bits)
        self._rmac = _kdf(keys.mac, 0x07, context, bits)
        self.card_challenge = card_challenge
        self.card_cryptogram = _kdf(self._mac, 0x00, context, 64)
        self._host_cryptogram = _kdf(self._mac, 0x01, context, 64)
        self._chain = bytes(16)
        self._counter = 0
        self.level: int | None = None
        """None until the host is authenticated."""

    def answer(self, diversification_data: bytes) -> bytes:
        """The response to INITIALIZE UPDATE (7.1.1)."""
        keys = self._keys
        counter = keys.sequence.to_bytes(3, "big") if keys.i & _PSEUDO_RANDOM else b""
        head = diversification_data + bytes((keys.version, 0x03, keys.i))
        return head + self.card_challenge + self.card_cryptogram + counter

    def authenticate(self, command: Command) -> None:
        """EXTERNAL AUTHENTICATE (7.1.2); a failure counts against the key set."""
        if self.level is not None:
            raise Refusal(Status.NOT_NOW)
        needs = _LEVELS.get(command.p1)
        if needs is None or needs & ~self._keys.i or command.p2:
            raise Refusal(Status.WRONG_P1_P2)
        command.require_length(16)
        if not compare_digest(command.data[:8], self._host_cryptogram):
            self._keys.failures += 1
            raise Refusal(Status.BLOCKED if self._keys.blocked else Status.AUTHENTICATION_FAILED)
        try:
            self._check_mac(command)
        except Refusal:
            self._keys.failures += 1
            raise
        self._keys.failures = 0
        self.level = command.p1

    def unwrap(self, command: Command) -> Command:
        """Check the C-MAC, decrypt, and give the command as if it had come in clear."""
        data = self._check_mac(command)
        self._counter += 1
        if data and self.level is not None and self.level & 0x02:
            if len(data) % 16:
                raise Refusal(Status.SECURITY_NOT_SATISFIED)
            icv = aes_encrypt_block(self._enc, self._counter.to_bytes(16, "big"))
            plain = unpad(aes_cbc_decrypt(self._enc, icv, data))
            if plain is None:
                raise Refusal(Status.SECURITY_NOT_SATISFIED)
            data = plain
        return replace(command, cla=command.cla & ~0x04, data=data)

    def wrap(self, data: bytes, status: int) -> bytes:
        """Protect a response; error status words go out bare (6.2.5)."""
        trailer = status.to_bytes(2, "big")
        protects = self.level is not None and self.level & 0x10
        if not protects or not (status == Status.OK or status >> 8 in (0x62, 0x63)):
            return data + trailer
        if data and self.level is not None and self.level & 0x20:
            block = b"\x80" + self._counter.to_bytes(15, "big")
            data = aes_cbc_encrypt(self._enc, aes_encrypt_block(self._enc, block), pad(data, 16))
        return data + aes_cmac(self._rmac, self._chain + data + trailer)[:8] + trailer

    def decrypt_sensitive(self, data: bytes) -> bytes:
        """Undo data encryption under Key-DEK (6.2.8); only whole blocks can be such data."""
        if not data or len(data) % 16:
            raise Refusal(Status.WRONG_DATA)
        return aes_cbc_decrypt(self._keys.dek, bytes(16), data)

    def _check_mac(self, command: Command) -> bytes:
        data, received = command.data[:-8], command.data[-8:]
        header = bytes((command.cla, command.ins, command.p1, command.p2, len(command.data)))
        chain = aes_cmac(self._mac, self._chain + header + data)
        if not compare_digest(chain[:8], received):
            raise Refusal(Status.SECURITY_NOT_SATISFIED)
        self._chain = chain
        return data
