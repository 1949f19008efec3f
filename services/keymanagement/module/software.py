"""The software backend: keys in this process's memory, for trying out and for tests."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric import ec
from nacl.signing import SigningKey

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes, Tdes
from cardwright.emv.rsa import ClearRsa, RsaPrivate
from cardwright.hsm.port import HsmError
from cardwright.keyblock.binding import ClearVariantKey
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.values import (
    CURVE,
    check_value,
    ec_private,
    make,
    public_value,
    require_sound,
    rsa_private,
)

__all__ = ["SoftwareBackend", "SoftwareTokens"]


class SoftwareBackend:
    """Holds the keys that a keystore file was opened to; implements `Backend` and `KeyChanger`."""

    def __init__(self, values: Mapping[Key, SecretBytes]) -> None:
        self._secrets: dict[Key, SecretBytes] = {}
        self._pairs: dict[Key, ec.EllipticCurvePrivateKey] = {}
        self._signers: dict[Key, SigningKey] = {}
        self._tdes: dict[Key, ClearTdes] = {}
        self._aes: dict[Key, ClearAes] = {}
        self._rsa: dict[Key, ClearRsa] = {}
        for key, value in values.items():
            self._take(key, value)

    @property
    def values(self) -> Mapping[Key, SecretBytes]:
        """All values, for the keystore that seals them."""
        return self._secrets

    def keys(self) -> Iterable[Key]:
        """List every key."""
        return list(self._secrets)

    def refresh(self) -> None:
        """Do nothing: who else could change this process's memory."""

    def commit(self) -> None:
        """Do nothing: it is memory."""

    def public_value(self, key: Key) -> bytes:
        """Return a key pair's public half."""
        return public_value(key.algorithm, self._secrets[key])

    def sign(self, key: Key, payload: bytes) -> bytes:
        """Sign by Ed25519 (RFC 8032)."""
        return self._signers[key].sign(payload).signature

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        """Agree by ECDH on P-256 (SP 800-56A); ValueError if the point is none."""
        peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public_key)
        return SecretBytes(self._pairs[key].exchange(ec.ECDH(), peer))

    def digest(self, key: Key, value: bytes) -> bytes:
        """HMAC-SHA-256 (FIPS 198-1)."""
        return hmac.digest(self._secrets[key].reveal(), value, "sha256")

    def tdes(self, key: Key) -> Tdes:
        """Return triple DES under a key."""
        return self._tdes[key]

    def cipher(self, key: Key) -> BlockCipher:
        """Return the block cipher under a key."""
        return self._aes[key] if key.algorithm.family is Family.AES else self._tdes[key]

    def rsa(self, key: Key) -> RsaPrivate:
        """Return the raw RSA operation under a key pair."""
        return self._rsa[key]

    def generate(self, label: str, version: int, usage: Usage, algorithm: Algorithm) -> Key:
        """Make a random key."""
        return self.put(label, version, usage, algorithm, make(usage, algorithm))

    def put(
        self, label: str, version: int, usage: Usage, algorithm: Algorithm, value: SecretBytes
    ) -> Key:
        """Bring a value in."""
        require_sound(usage, algorithm, value)
        key = Key(label, version, usage, algorithm, check_value(algorithm, value))
        if any(each.key_id == key.key_id for each in self._secrets):
            raise HsmError("KEY_EXISTS", f"{key.key_id} exists: take the next version.")
        self._take(key, value)
        return key

    def value(self, key: Key) -> SecretBytes:
        """Give a value out."""
        if not key.usage.exportable:
            raise HsmError("KEY_NOT_EXPORTABLE", f"Keys for {key.usage.value} never leave.")
        return self._secrets[key]

    def destroy(self, key: Key) -> None:
        """Forget a key's value."""
        for held in (self._secrets, self._pairs, self._signers, self._tdes, self._aes, self._rsa):
            held.pop(key, None)

    def _take(self, key: Key, value: SecretBytes) -> None:
        self._secrets[key] = value
        match key.algorithm.family:
            case Family.P256:
                self._pairs[key] = ec_private(value)
            case Family.ED25519:
                self._signers[key] = SigningKey(value.reveal())
            case Family.TDES:
                protects = key.usage in {Usage.KEY_ENCRYPTION, Usage.ZONE_MASTER}
                self._tdes[key] = ClearVariantKey(value) if protects else ClearTdes(value)
            case Family.AES:
                self._aes[key] = ClearAes(value)
            case Family.RSA:
                self._rsa[key] = rsa_private(key.algorithm, value)
            case Family.HMAC:
                pass


class SoftwareTokens:
    """One store for all callers: which of its keys each may use, the policy alone says."""

    def __init__(self, backend: SoftwareBackend) -> None:
        self._backend = backend

    def of(self, caller: str, login: SecretText) -> SoftwareBackend:  # noqa: ARG002  # of `Tokens`
        """Return the store."""
        return self._backend
