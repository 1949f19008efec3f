"""A backend that counts what is asked of it, to know which bare calls a card is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cardwright.cipher import BlockCipher, Tdes
from cardwright.emv.rsa import RsaPrivate
from cardwright.secret import SecretBytes
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.keys import Key

__all__ = ["Counted", "Counts"]

Counts = Counter[str]


@dataclass
class Counted:
    """Passes everything on, and counts by "tdes", "aes", "cmac", "hmac", "ecdh", "eddsa", "rsa"."""

    real: Backend
    counts: Counts

    def keys(self) -> Iterable[Key]:
        return self.real.keys()

    def refresh(self) -> None:
        self.real.refresh()

    def public_value(self, key: Key) -> bytes:
        return self.real.public_value(key)

    def sign(self, key: Key, payload: bytes) -> bytes:
        self.counts["eddsa"] += 1
        return self.real.sign(key, payload)

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        self.counts["ecdh"] += 1
        return self.real.agree(key, public_key)

    def digest(self, key: Key, value: bytes) -> bytes:
        self.counts["hmac"] += 1
        return self.real.digest(key, value)

    def tdes(self, key: Key) -> Tdes:
        return _CountedTdes(self.real.tdes(key), self.counts)

    def cipher(self, key: Key) -> BlockCipher:
        found = self.real.cipher(key)
        return self.tdes(key) if found.block == 8 else _CountedCipher(found, self.counts, "aes")

    def rsa(self, key: Key) -> RsaPrivate:
        return _CountedRsa(self.real.rsa(key), self.counts)


@dataclass
class _CountedCipher:
    real: BlockCipher
    counts: Counts
    kind: str

    @property
    def block(self) -> int:
        return self.real.block

    @property
    def length(self) -> int:
        return self.real.length

    def encrypt(self, blocks: bytes) -> bytes:
        self.counts[self.kind] += 1
        return self.real.encrypt(blocks)

    def decrypt(self, blocks: bytes) -> bytes:
        self.counts[self.kind] += 1
        return self.real.decrypt(blocks)

    def encrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        self.counts[self.kind] += 1
        return self.real.encrypt_cbc(blocks, iv)

    def decrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        self.counts[self.kind] += 1
        return self.real.decrypt_cbc(blocks, iv)

    def cmac(self, message: bytes) -> bytes:
        self.counts["cmac"] += 1
        return self.real.cmac(message)


class _CountedTdes(_CountedCipher):
    def __init__(self, real: Tdes, counts: Counts) -> None:
        super().__init__(real, counts, "tdes")
        self._tdes = real

    @property
    def left(self) -> BlockCipher:
        return _CountedCipher(self._tdes.left, self.counts, "tdes")


@dataclass
class _CountedRsa:
    real: RsaPrivate
    counts: Counts

    @property
    def modulus(self) -> bytes:
        return self.real.modulus

    @property
    def exponent(self) -> int:
        return self.real.exponent

    def apply(self, block: bytes) -> bytes:
        self.counts["rsa"] += 1
        return self.real.apply(block)
