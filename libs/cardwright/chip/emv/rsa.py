"""The card's RSA private keys, by the Chinese remainder theorem (EMV 4.4 Book 2, annex B2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.crypto import unpad

__all__ = ["MODULUS_SIZES", "RsaKey"]

MODULUS_SIZES = range(96, 249)
"""Octets that a modulus may have: up to 248 by Book 2, B2.1; from 768 bits on here."""


@dataclass(frozen=True, slots=True, repr=False)
class RsaKey:
    """A private key.

    Attributes:
        size: octets of the modulus.
    """

    p: int
    q: int
    d_mod_p: int
    d_mod_q: int
    q_inverse: int
    modulus: int
    size: int

    @classmethod
    def load(cls, components: Sequence[bytes]) -> RsaKey:
        """Read q^-1 mod p, d mod q-1, d mod p-1, q and p, in that order (EMV CPS, 8201 to 8205).

        All have the octets of p, perhaps padded with 80 and zeros for their encipherment.
        Raises ``Refusal`` 6A80 when they are not five parts of one key.
        """
        size = len(_unpadded_odd(components[4]))
        q_inverse, d_mod_q, d_mod_p, q, p = (
            int.from_bytes(_sized(each, size), "big") for each in components
        )
        modulus = p * q
        octets = modulus.bit_length() // 8
        fits = (
            modulus.bit_length() % 8 == 0
            and octets in MODULUS_SIZES
            and (octets + 1) // 2 == size
            and 0 < q_inverse < p
            and q_inverse * q % p == 1
            and 0 < d_mod_p < p
            and 0 < d_mod_q < q
        )
        if not fits:
            raise Refusal(Status.WRONG_DATA)
        return cls(p, q, d_mod_p, d_mod_q, q_inverse, modulus, octets)

    def belongs_to(self, exponent: int) -> bool:
        """Whether the public exponent undoes the private key: one block there and back."""
        probe = bytes(1) + b"\x5a" * (self.size - 1)
        back = pow(int.from_bytes(self.apply(probe), "big"), exponent, self.modulus)
        return exponent > 1 and back == int.from_bytes(probe, "big")

    def apply(self, block: bytes) -> bytes:
        """The signing function, which also deciphers (B2.1.2): block^d mod n, ``size`` octets."""
        value = int.from_bytes(block, "big")
        mod_p = pow(value, self.d_mod_p, self.p)
        mod_q = pow(value, self.d_mod_q, self.q)
        difference = self.q_inverse * (mod_p - mod_q) % self.p
        return (mod_q + difference * self.q).to_bytes(self.size, "big")


def _unpadded_odd(value: bytes) -> bytes:
    """A prime without padding: it is odd, and padding ends in an even octet."""
    return value if value and value[-1] & 1 else unpad(value) or b""


def _sized(value: bytes, size: int) -> bytes:
    if len(value) == size:
        return value
    unpadded = unpad(value)
    if unpadded is None or len(unpadded) != size:
        raise Refusal(Status.WRONG_DATA)
    return unpadded
