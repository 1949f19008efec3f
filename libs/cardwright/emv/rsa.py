"""RSA as EMV has it (Book 2, annex B2.1): raw, over moduli of whole octets, exponents 3 and 65537.

Certificates and signatures are written over ``RsaPrivate``, so that an issuer's key may stay in an
HSM. ``ClearRsa`` holds a key in this process: cards' own keys, which must be exported to the chip,
and every key in tests. The cryptographic library has no raw RSA, so the powers are GMP's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from cardwright.emv.errors import EmvError
from cardwright.emv.powers import inverse, secret_power
from cardwright.emv.primes import random_prime
from cardwright.secret import SecretBytes

__all__ = ["ClearRsa", "CrtKey", "RsaError", "RsaPrivate", "RsaPublic", "generate_rsa", "public_of"]

_EXPONENTS: Final = (3, 65537)
_LIBRARY_LEAST: Final = 1024  # bits: below, ``cryptography`` refuses to generate


class RsaError(EmvError):
    """A key or block that RSA can't take.

    Attributes:
        code: RSA_KEY, RSA_SIZE, RSA_BLOCK or RSA_FAULT.
    """


class RsaPrivate(Protocol):
    """A private key: in an HSM by handle, or ``ClearRsa``."""

    @property
    def modulus(self) -> bytes:
        """The modulus, big-endian, its first bit set."""

    @property
    def exponent(self) -> int:
        """The public exponent, 3 or 65537."""

    def apply(self, block: bytes) -> bytes:
        """Return ``block`` to the power of the private exponent, as long as the modulus.

        Raises:
            RsaError: RSA_BLOCK unless the block has the modulus's length and is less than it.
        """


@dataclass(frozen=True, slots=True)
class RsaPublic:
    """A public key.

    Attributes:
        modulus: big-endian; EMV asks for whole octets of which the first bit is set.
        exponent: 3 or 65537.

    Raises:
        RsaError: RSA_KEY.
    """

    modulus: bytes
    exponent: int

    def __post_init__(self) -> None:
        whole = bool(self.modulus) and self.modulus[0] & 0x80 and self.modulus[-1] & 1
        if not whole or self.exponent not in _EXPONENTS:
            raise RsaError(
                "RSA_KEY", "A modulus is odd with its first bit set, an exponent 3 or 65537"
            )

    @property
    def length(self) -> int:
        """Octets of the modulus."""
        return len(self.modulus)

    @property
    def exponent_octets(self) -> bytes:
        """The exponent in one octet or three, as certificates and tags carry it."""
        return self.exponent.to_bytes((self.exponent.bit_length() + 7) // 8, "big")

    def apply(self, block: bytes) -> bytes:
        """Return ``block`` to the power of the exponent, as long as the modulus.

        Raises:
            RsaError: RSA_BLOCK unless the block has the modulus's length and is less than it.
        """
        modulus = _number(self.modulus)
        return pow(_checked(block, self.modulus), self.exponent, modulus).to_bytes(self.length)


@dataclass(frozen=True, slots=True)
class CrtKey:
    """A private key as a chip stores it: by the Chinese remainder theorem.

    Attributes:
        p: the first prime; each part has half as many octets as the modulus, rounded up.
        q: the second prime.
        dp: d mod p - 1.
        dq: d mod q - 1.
        qinv: the inverse of q mod p.
    """

    p: SecretBytes
    q: SecretBytes
    dp: SecretBytes
    dq: SecretBytes
    qinv: SecretBytes


class ClearRsa:
    """A private key held here.

    The operation is blinded by a random factor and its result checked with the public exponent, so
    that neither the time for a chosen block nor a fault in one of the two halves tells a prime.
    The powers themselves are GMP's, in a time that does not depend on their values; what joins
    them is Python's arithmetic, on blinded values. Where an attacker can measure on the same
    machine, keep the key in an HSM all the same.

    Raises:
        RsaError: RSA_KEY when the parts are not those of one key with this exponent.
    """

    __slots__ = ("_key", "_public")

    def __init__(self, key: CrtKey, exponent: int) -> None:
        p, q, dp, dq, qinv = _parts(key)
        fits = min(p, q) > 1 and (qinv * q - 1) % p == 0
        if not fits or (dp * exponent - 1) % (p - 1) or (dq * exponent - 1) % (q - 1):
            raise RsaError("RSA_KEY", "The parts are not of one RSA key; import the key again")
        self._key = key
        self._public = RsaPublic(_octets(p * q), exponent)

    @property
    def modulus(self) -> bytes:
        """The modulus, big-endian."""
        return self._public.modulus

    @property
    def exponent(self) -> int:
        """The public exponent."""
        return self._public.exponent

    @property
    def parts(self) -> CrtKey:
        """The private key, to be exported to a chip or wrapped."""
        return self._key

    def apply(self, block: bytes) -> bytes:
        """Return ``block`` to the power of the private exponent.

        Raises:
            RsaError: RSA_BLOCK as for any key; RSA_FAULT when the machine miscalculated.
        """
        value, modulus = _checked(block, self.modulus), _number(self.modulus)
        p, q, dp, dq, qinv = _parts(self._key)
        factor = secrets.randbelow(modulus - 2) + 2  # prime to n, or it would have found p
        blinded = value * pow(factor, self.exponent, modulus) % modulus
        left, right = secret_power(blinded % p, dp, p), secret_power(blinded % q, dq, q)
        power = (right + (left - right) * qinv % p * q) * inverse(factor, modulus) % modulus
        if pow(power, self.exponent, modulus) != value:
            raise RsaError("RSA_FAULT", "The RSA result is wrong; take the machine out of use")
        return power.to_bytes(len(self.modulus))


def generate_rsa(bits: int, exponent: int = 3) -> ClearRsa:
    """Make a key.

    Args:
        bits: of the modulus, 768 to 2048 in steps of 8. EMV ends at 1984.
        exponent: 3 or 65537.

    Raises:
        RsaError: RSA_SIZE or RSA_KEY.
    """
    if bits % 8 or not 768 <= bits <= 2048:
        raise RsaError("RSA_SIZE", "An RSA modulus has 768 to 2048 bits, in steps of 8")
    if exponent not in _EXPONENTS:
        raise RsaError("RSA_KEY", "A public exponent is 3 or 65537")
    p, q = _prime_pair(bits, exponent)
    width = (bits + 15) // 16
    parts = (p, q, pow(exponent, -1, p - 1), pow(exponent, -1, q - 1), pow(q, -1, p))
    return ClearRsa(CrtKey(*(SecretBytes(part.to_bytes(width)) for part in parts)), exponent)


def public_of(key: RsaPrivate) -> RsaPublic:
    """Return the public half of a private key."""
    return RsaPublic(key.modulus, key.exponent)


def _prime_pair(bits: int, exponent: int) -> tuple[int, int]:
    if bits >= _LIBRARY_LEAST:
        numbers = rsa.generate_private_key(exponent, bits).private_numbers()
        return numbers.p, numbers.q
    half = bits // 2
    p = q = random_prime(half, exponent)
    while abs(p - q).bit_length() <= half - 100:  # FIPS 186-4: else the modulus is easy to factor
        q = random_prime(half, exponent)
    return p, q


def _parts(key: CrtKey) -> tuple[int, int, int, int, int]:
    p, q, dp, dq, qinv = (
        _number(part.reveal()) for part in (key.p, key.q, key.dp, key.dq, key.qinv)
    )
    return p, q, dp, dq, qinv


def _checked(block: bytes, modulus: bytes) -> int:
    if len(block) != len(modulus) or block >= modulus:
        raise RsaError("RSA_BLOCK", "A block is as long as the modulus and less than it")
    return _number(block)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
