"""The boundary around master keys: operations on handles, whatever holds the keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cardwright.globalplatform.keys import StaticKeys
from cardwright.hsm.port import CardValues, HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Key, Usage

__all__ = ["Backend", "KeyDirectory"]


class Backend(Protocol):
    """What the verbs need of a key store; derived keys cross it, the keys themselves never do.

    Each operation is one or a few PKCS#11 calls on the handle's object, named here beside it.
    """

    def keys(self) -> Iterable[Key]:
        """List every key (C_FindObjects)."""

    def public_value(self, key: Key) -> bytes:
        """Return a key pair's public half: a P-256 point or 32 octets (CKA_EC_POINT)."""

    def sign(self, key: Key, payload: bytes) -> bytes:
        """Sign by Ed25519 (CKM_EDDSA)."""

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        """Agree by ECDH on P-256 (CKM_ECDH1_DERIVE); ValueError if the point is none."""

    def digest(self, key: Key, value: bytes) -> bytes:
        """HMAC-SHA-256 (CKM_SHA256_HMAC)."""

    def card_values(self, key: Key, pan: str, expiry: str, service_code: str) -> CardValues:
        """Compute CVV, CVV2, iCVV (CKM_DES3_ECB under the left half's object, then the whole's)."""

    def emv_card_key(self, key: Key, pan: str, sequence_number: str) -> SecretBytes:
        """Derive an EMV card master key, option A (CKM_DES3_ECB, then parity)."""

    def badge_card_key(self, key: Key, diversifier: bytes) -> SecretBytes:
        """Derive an AES-128 key, SP 800-108 in counter mode (CKM_AES_CMAC)."""

    def chip_static_keys(self, key: Key, diversification_data: bytes) -> StaticKeys:
        """Derive a chip's SCP03 static keys (CKM_AES_CMAC)."""


class KeyDirectory:
    """Finds keys by id or label, and insists on their purpose."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys: dict[str, Key] = {}
        for key in sorted(keys, key=lambda each: each.version):
            self._keys[key.key_id] = self._keys[key.label] = key  # the newest wins the label

    def find(self, name: str, usage: Usage) -> Key:
        """Find a key by its id ("label#version"), or the newest by its label.

        Raises:
            HsmError: KEY_UNKNOWN or KEY_USAGE.
        """
        key = self._keys.get(name)
        if key is None:
            raise HsmError(
                "KEY_UNKNOWN", f"There is no key {name}: create it, or correct the name."
            )
        if key.usage is not usage:
            raise HsmError(
                "KEY_USAGE", f"{name} was made for {key.usage.value}, not {usage.value}."
            )
        return key

    def with_prefix(self, prefix: str) -> list[Key]:
        """List keys, every version, whose label begins so."""
        return [
            key
            for name, key in self._keys.items()
            if name == key.key_id and key.label.startswith(prefix)
        ]
