"""RSA keys for tests: the same in every run, made once a process from their own name."""

from __future__ import annotations

import functools
import random

from cardwright.emv.primes import is_probable_prime
from cardwright.emv.rsa import ClearRsa, CrtKey
from cardwright.secret import SecretBytes


@functools.cache
def rsa_key(bits: int, exponent: int = 3, name: str = "") -> ClearRsa:
    """Return the test key of a size, an exponent and a name."""
    source = random.Random(f"cardwright test key {bits} {exponent} {name}")
    p, q = (_prime(source, bits // 2, exponent) for _ in range(2))
    parts = (p, q, pow(exponent, -1, p - 1), pow(exponent, -1, q - 1), pow(q, -1, p))
    width = (bits + 15) // 16
    return ClearRsa(CrtKey(*(SecretBytes(part.to_bytes(width)) for part in parts)), exponent)


class Recorder:
    """Stands for a private key and keeps what it should sign: octets to compare with published."""

    def __init__(self, modulus: bytes) -> None:
        self.modulus = modulus
        self.exponent = 3
        self.blocks: list[bytes] = []

    def apply(self, block: bytes) -> bytes:
        self.blocks.append(block)
        return block


def _prime(source: random.Random, bits: int, exponent: int) -> int:
    while True:
        candidate = source.getrandbits(bits) | 0b11 << bits - 2 | 1
        if candidate % exponent != 1 and is_probable_prime(candidate):
            return candidate
