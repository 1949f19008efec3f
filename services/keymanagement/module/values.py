"""Key values in clear, as the software keystore seals them and components carry them.

Symmetric keys and Ed25519 seeds are their octets, P-256 keys their private number in 32 octets, and
RSA keys p, q, d mod p-1, d mod q-1 and 1/q mod p, each in half the modulus's octets, rounded up.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from nacl.signing import SigningKey

from cardwright.cipher import CipherError, ClearAes, ClearTdes, odd_parity
from cardwright.emv.errors import EmvError
from cardwright.emv.keys import kcv, kcv_aes_cmac
from cardwright.emv.rsa import ClearRsa, CrtKey, generate_rsa
from cardwright.hsm.points import point
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from cardwright.weakkeys import refuse_weak
from services.keymanagement.module.keys import Algorithm, Family, Usage

__all__ = [
    "CURVE",
    "check_value",
    "ec_private",
    "make",
    "public_check_value",
    "public_value",
    "require_sound",
    "require_suited",
    "rsa_private",
    "rsa_value",
]

CURVE: Final = ec.SECP256R1()
_OCTETS: Final = {112: 16, 168: 24, 128: 16, 192: 24, 256: 32}
_RANDOM: Final = 32
_PARTS: Final = 5


def make(
    usage: Usage, algorithm: Algorithm, random: Callable[[int], bytes] = os.urandom
) -> SecretBytes:
    """Make a random value for a purpose.

    Args:
        usage: the purpose.
        algorithm: what key.
        random: gives so many random octets; a token's generator, say. Pairs of P-256 and RSA take
            theirs from the cryptographic library.

    Raises:
        HsmError: KEY_ALGORITHM.
    """
    require_suited(usage, algorithm)
    match algorithm.family:
        case Family.P256:
            private = ec.generate_private_key(CURVE)
            return SecretBytes(private.private_numbers().private_value.to_bytes(32, "big"))
        case Family.TDES:
            return _strong_tdes(_OCTETS[algorithm.bits], random)
        case Family.AES:
            return SecretBytes(random(_OCTETS[algorithm.bits]))
        case Family.RSA:
            return rsa_value(generate_rsa(algorithm.bits, algorithm.exponent))
        case Family.ED25519 | Family.HMAC:
            return SecretBytes(random(_RANDOM))


def require_sound(usage: Usage, algorithm: Algorithm, value: SecretBytes) -> None:
    """Refuse a value that is no key of this kind, or a weak one; say nothing of the value.

    Raises:
        HsmError: KEY_ALGORITHM, KEY_VALUE.
    """
    require_suited(usage, algorithm)
    try:
        _require_value(algorithm, value)
    except (CipherError, EmvError) as error:
        raise HsmError("KEY_VALUE", f"This is no sound {algorithm} key ({error.code}).") from None
    except ValueError:
        raise HsmError("KEY_VALUE", f"This is no {algorithm} key.") from None


def check_value(algorithm: Algorithm, value: SecretBytes) -> bytes:
    """Compute the three octets by which people compare a key (X9.24-1, 7.7 and annex)."""
    match algorithm.family:
        case Family.TDES:
            return kcv(ClearTdes(value))
        case Family.AES:
            return kcv_aes_cmac(ClearAes(value))
        case Family.HMAC:
            # As X9.24-1 does for HMAC keys: the MAC of nothing, shortened.
            return hmac.digest(value.reveal(), b"", "sha256")[:3]
        case Family.P256 | Family.ED25519 | Family.RSA:
            return public_check_value(public_value(algorithm, value))


def public_check_value(public: bytes) -> bytes:
    """Compute a key pair's check value from its public half."""
    return sha256(public).digest()[:3]


def public_value(algorithm: Algorithm, value: SecretBytes) -> bytes:
    """Return the public half of a pair: a point, 32 octets of Ed25519, or a modulus."""
    match algorithm.family:
        case Family.ED25519:
            return bytes(SigningKey(value.reveal()).verify_key)
        case Family.RSA:
            return rsa_private(algorithm, value).modulus
        case Family.P256:
            return point(ec_private(value).public_key())
        case _:
            raise HsmError("KEY_USAGE", f"A {algorithm} key has no public half.")


def ec_private(value: SecretBytes) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key; ValueError if there is none of that number."""
    return ec.derive_private_key(int.from_bytes(value.reveal()), CURVE)


def rsa_private(algorithm: Algorithm, value: SecretBytes) -> ClearRsa:
    """Return the RSA key; ValueError or EmvError if the parts are not of one key."""
    octets = value.reveal()
    width = (algorithm.bits + 15) // 16
    if len(octets) != _PARTS * width:
        raise ValueError("another length")
    parts = (SecretBytes(octets[at : at + width]) for at in range(0, len(octets), width))
    return ClearRsa(CrtKey(*parts), algorithm.exponent)


def rsa_value(key: ClearRsa) -> SecretBytes:
    """Write an RSA key's parts in their order."""
    parts = key.parts
    in_order = (parts.p, parts.q, parts.dp, parts.dq, parts.qinv)
    return SecretBytes(b"".join(part.reveal() for part in in_order))


def _strong_tdes(octets: int, random: Callable[[int], bytes]) -> SecretBytes:
    while True:
        value = SecretBytes(odd_parity(random(octets)))
        try:
            refuse_weak(value)
        except CipherError:
            continue  # once in 2 to the 52nd
        return value


def require_suited(usage: Usage, algorithm: Algorithm) -> None:
    """Refuse an algorithm that no key of this purpose has.

    Raises:
        HsmError: KEY_ALGORITHM.
    """
    if not usage.allows(algorithm):
        raise HsmError("KEY_ALGORITHM", f"A key for {usage.value} can't be {algorithm}.")


def _require_value(algorithm: Algorithm, value: SecretBytes) -> None:
    match algorithm.family:
        case Family.TDES:
            refuse_weak(value)
        case Family.P256:
            ec_private(value)
        case Family.RSA:
            rsa_private(algorithm, value)
        case Family.AES | Family.ED25519 | Family.HMAC:
            pass
    wanted = _OCTETS.get(algorithm.bits, _RANDOM)
    if algorithm.family is not Family.RSA and len(value) != wanted:
        raise ValueError("another length")
