"""The software backend: keys in this process's memory, for trying out and for tests."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from nacl.signing import SigningKey

from cardwright.cipher import ClearAes, ClearTdes, odd_parity
from cardwright.emv.keys import derive_option_a, kcv, kcv_aes_cmac
from cardwright.globalplatform.keys import StaticKeys, diversify
from cardwright.hsm.points import point
from cardwright.hsm.port import CardValues
from cardwright.payment.cvv import cvv, cvv2, icvv
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keys import Algorithm, Key, Usage

__all__ = ["SoftwareBackend", "check_value", "generate"]

_CURVE = ec.SECP256R1()
_BADGE_LABEL = b"CARDWRIGHT BADGE"


class SoftwareBackend:
    """Holds the keys that a keystore file was opened to; implements `Backend`."""

    def __init__(self, values: Mapping[Key, SecretBytes]) -> None:
        self._secrets = dict(values)
        self._pairs = {
            key: _private_key(value)
            for key, value in values.items()
            if key.usage.algorithm is Algorithm.P256
        }
        self._signers = {
            key: SigningKey(value.reveal())
            for key, value in values.items()
            if key.usage.algorithm is Algorithm.ED25519
        }

    def keys(self) -> Iterable[Key]:
        """List every key."""
        return self._secrets.keys()

    def public_value(self, key: Key) -> bytes:
        """Return a key pair's public half."""
        return _public_value(key.usage, self._secrets[key])

    def sign(self, key: Key, payload: bytes) -> bytes:
        """Sign by Ed25519 (RFC 8032)."""
        return self._signers[key].sign(payload).signature

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        """Agree by ECDH on P-256 (SP 800-56A); ValueError if the point is none."""
        peer = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
        return SecretBytes(self._pairs[key].exchange(ec.ECDH(), peer))

    def digest(self, key: Key, value: bytes) -> bytes:
        """HMAC-SHA-256 (FIPS 198-1)."""
        return hmac.digest(self._secrets[key].reveal(), value, "sha256")

    def card_values(self, key: Key, pan: str, expiry: str, service_code: str) -> CardValues:
        """Compute CVV, CVV2 and iCVV; `expiry` is YYMM."""
        value = ClearTdes(self._secrets[key])
        return CardValues(
            SecretText(cvv(value, pan, expiry, service_code)),
            SecretText(cvv2(value, pan, expiry)),
            SecretText(icvv(value, pan, expiry)),
        )

    def emv_card_key(self, key: Key, pan: str, sequence_number: str) -> SecretBytes:
        """Derive an EMV card master key (Book 2, A1.4.1)."""
        return derive_option_a(ClearTdes(self._secrets[key]), pan, sequence_number)

    def badge_card_key(self, key: Key, diversifier: bytes) -> SecretBytes:
        """Derive an AES-128 key: counter mode with 8-bit counter and 32-bit length in bits."""
        fixed = _BADGE_LABEL + b"\0" + diversifier + (128).to_bytes(4, "big")
        return SecretBytes(ClearAes(self._secrets[key]).cmac(b"\x01" + fixed))

    def chip_static_keys(self, key: Key, diversification_data: bytes) -> StaticKeys:
        """Derive a chip's SCP03 static keys."""
        return diversify(self._secrets[key], diversification_data)


def generate(usage: Usage) -> SecretBytes:
    """Make a new random key value for a purpose, in the form that the keystore holds."""
    match usage.algorithm:
        case Algorithm.P256:
            private = ec.generate_private_key(_CURVE)
            return SecretBytes(private.private_numbers().private_value.to_bytes(32, "big"))
        case Algorithm.TDES:
            return SecretBytes(odd_parity(os.urandom(16)))
        case Algorithm.AES_128:
            return SecretBytes(os.urandom(16))
        case Algorithm.ED25519 | Algorithm.HMAC:
            return SecretBytes(os.urandom(32))


def check_value(usage: Usage, value: SecretBytes) -> bytes:
    """Compute the three octets by which people compare a key."""
    match usage.algorithm:
        case Algorithm.TDES:
            return kcv(ClearTdes(value))
        case Algorithm.AES_128:
            return kcv_aes_cmac(ClearAes(value))
        case Algorithm.HMAC:
            # As X9.24-1 does for HMAC keys: the MAC of nothing, shortened.
            return hmac.digest(value.reveal(), b"", "sha256")[:3]
        case Algorithm.P256 | Algorithm.ED25519:
            return sha256(_public_value(usage, value)).digest()[:3]


def _public_value(usage: Usage, value: SecretBytes) -> bytes:
    if usage.algorithm is Algorithm.ED25519:
        return bytes(SigningKey(value.reveal()).verify_key)
    return point(_private_key(value).public_key())


def _private_key(value: SecretBytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(value.reveal()), _CURVE)
