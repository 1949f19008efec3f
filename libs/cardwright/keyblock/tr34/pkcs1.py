"""RSA's paddings over raw RSA, all with SHA-256: RFC 8017, OAEP (7.1) and PKCS #1 v1.5 (8.2)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cardwright.emv.rsa import RsaError, RsaPrivate, RsaPublic
from cardwright.keyblock.tr34.errors import Tr34Error

__all__ = ["oaep_decrypt", "oaep_encrypt", "sign", "verifies"]

_HASH: Final = 32
_EMPTY_LABEL: Final = hashlib.sha256(b"").digest()
_DIGEST_INFO: Final = bytes.fromhex("3031300D060960864801650304020105000420")  # 9.2, note 1


def oaep_encrypt(key: RsaPublic, message: bytes, seed: bytes) -> bytes:
    """Encipher a short message.

    Args:
        key: the receiver's.
        message: at most 66 octets less than the modulus.
        seed: 32 random octets.
    """
    padding = bytes(key.length - 2 * _HASH - 2 - len(message))
    block = _EMPTY_LABEL + padding + b"\x01" + message
    masked = _masked(block, seed)
    return key.apply(b"\x00" + _masked(seed, masked) + masked)


def oaep_decrypt(key: RsaPrivate, enciphered: bytes) -> bytes:
    """Return the message.

    Raises:
        Tr34Error: TR34_ENVELOPE, whatever is wrong with it.
    """
    try:
        octets = key.apply(enciphered)
    except RsaError:
        raise _undecipherable() from None
    masked = octets[1 + _HASH :]
    block = _masked(masked, _masked(octets[1 : 1 + _HASH], masked))
    label, rest = block[:_HASH], block[_HASH:].lstrip(b"\x00")
    good = hmac.compare_digest(label, _EMPTY_LABEL)
    if not (good and octets[0] == 0 and rest[:1] == b"\x01"):
        raise _undecipherable()
    return rest[1:]


def sign(key: RsaPrivate, message: bytes) -> bytes:
    """Return the signature of a message."""
    return key.apply(_signed(message, len(key.modulus)))


def verifies(key: RsaPublic, message: bytes, signature: bytes) -> bool:
    """Whether a signature is that of this message under this key."""
    try:
        return hmac.compare_digest(key.apply(signature), _signed(message, key.length))
    except RsaError:
        return False


def _signed(message: bytes, length: int) -> bytes:
    info = _DIGEST_INFO + hashlib.sha256(message).digest()
    return b"\x00\x01" + b"\xff" * (length - len(info) - 3) + b"\x00" + info


def _masked(octets: bytes, seed: bytes) -> bytes:
    """Add the mask that MGF1 makes of a seed (B.2.1)."""
    rounds = range(-(-len(octets) // _HASH))
    mask = b"".join(hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in rounds)
    return bytes(a ^ b for a, b in zip(octets, mask, strict=False))


def _undecipherable() -> Tr34Error:
    return Tr34Error("TR34_ENVELOPE", "The token's envelope doesn't open with this device's key")
