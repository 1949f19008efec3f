"""Sealing of vault sections; the format is SealedBlob's in protos/cardwright/vault/v1.

A batch has one ephemeral P-256 key, so a section costs one ECDH a batch. Each card's wrapping key
and associated data come from its own context: no blob opens as another card's or section's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from google.protobuf.message import DecodeError

from cardwright.hsm.points import point
from cardwright.proto.vault.v1.sections_pb2 import SealedBlob
from cardwright.secret import SecretBytes

__all__ = [
    "Sealer",
    "SealingError",
    "SectionKey",
    "context",
    "open_sealed",
    "parse_sealed",
    "unwrap_data_key",
]

_DOMAIN: Final = b"cardwright-vault-v1\0"
_DATA_KEY_LENGTH: Final = 32
_NONCE_LENGTH: Final = 12
_CURVE: Final = ec.SECP256R1()


class SealingError(Exception):
    """A section that can't be sealed or opened.

    Attributes:
        code: SECTION_UNKNOWN, SECTION_KEY, SEALED_MALFORMED, SEALED_KEY or SEALED_CONTENT.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class SectionKey:
    """A section's public key: its id, label and version, and its SEC 1 uncompressed point."""

    key_id: str
    public_key: bytes


class Sealer:
    """Seals for the sections whose public keys it was given.

    Args:
        keys: Section name to its current key.

    Raises:
        SealingError: SECTION_KEY, a key is no point on P-256.
    """

    def __init__(self, keys: Mapping[str, SectionKey]) -> None:
        self._keys: dict[str, tuple[str, ec.EllipticCurvePublicKey]] = {}
        self.renew(keys)

    def renew(self, keys: Mapping[str, SectionKey]) -> None:
        """Seal by these keys from now on.

        Raises:
            SealingError: SECTION_KEY; nothing was changed then.
        """
        self._keys = {name: (key.key_id, _load_point(key)) for name, key in keys.items()}

    def seal_batch(self, section: str, items: Mapping[str, bytes]) -> dict[str, bytes]:
        """Seal each card's plaintext; returns serialized SealedBlobs by card id.

        Raises:
            SealingError: SECTION_UNKNOWN.
        """
        if section not in self._keys:
            raise SealingError("SECTION_UNKNOWN", f"There is no public key for section {section}.")
        key_id, public_key = self._keys[section]
        ephemeral = ec.generate_private_key(_CURVE)
        shared = ephemeral.exchange(ec.ECDH(), public_key)
        ephemeral_point = point(ephemeral.public_key())
        sealed: dict[str, bytes] = {}
        for card_id, plaintext in items.items():
            bound = context(card_id, section)
            random = os.urandom(_DATA_KEY_LENGTH + _NONCE_LENGTH)
            data_key, nonce = random[:_DATA_KEY_LENGTH], random[_DATA_KEY_LENGTH:]
            sealed[card_id] = SealedBlob(
                key_id=key_id,
                ephemeral=ephemeral_point,
                wrapped_key=aes_key_wrap(_wrapping_key(shared, bound), data_key),
                nonce=nonce,
                ciphertext=AESGCM(data_key).encrypt(nonce, plaintext, bound),
            ).SerializeToString()
        return sealed


def context(card_id: str, section: str) -> bytes:
    """Build what binds a blob to its place: domain, card and section, a zero octet after each."""
    return _DOMAIN + card_id.encode() + b"\0" + section.encode() + b"\0"


def parse_sealed(sealed: bytes) -> SealedBlob:
    """Read a blob.

    Raises:
        SealingError: SEALED_MALFORMED.
    """
    try:
        return SealedBlob.FromString(sealed)
    except DecodeError:
        raise SealingError("SEALED_MALFORMED", "These octets are not a SealedBlob.") from None


def unwrap_data_key(
    shared: SecretBytes, card_id: str, section: str, wrapped_key: bytes
) -> SecretBytes:
    """Unwrap a data key with the ECDH secret of section key and ephemeral key.

    Raises:
        SealingError: SEALED_KEY, it was changed or belongs to another card or section.
    """
    wrapping_key = _wrapping_key(shared.reveal(), context(card_id, section))
    try:
        return SecretBytes(aes_key_unwrap(wrapping_key, wrapped_key))
    except InvalidUnwrap:
        raise SealingError(
            "SEALED_KEY", f"The data key of {section} was changed or belongs to another card."
        ) from None


def open_sealed(blob: SealedBlob, card_id: str, section: str, data_key: SecretBytes) -> SecretBytes:
    """Open a blob's content with its data key.

    Raises:
        SealingError: SEALED_CONTENT, it was changed or belongs to another card or section.
    """
    try:
        return SecretBytes(
            AESGCM(data_key.reveal()).decrypt(
                blob.nonce, blob.ciphertext, context(card_id, section)
            )
        )
    except (InvalidTag, ValueError):  # ValueError: a nonce or key of a wrong length
        raise SealingError(
            "SEALED_CONTENT", f"The content of {section} was changed or belongs to another card."
        ) from None


def _wrapping_key(shared: bytes, bound: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, bound).derive(shared)


def _load_point(key: SectionKey) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key.public_key)
    except ValueError:
        raise SealingError("SECTION_KEY", f"{key.key_id} is no point on P-256.") from None
