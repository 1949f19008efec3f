"""EMV Book 2, annex A2.1: the signature scheme that gives back the first part of its message.

The signed block is 6A, the message's first octets, the SHA-1 of all of it (hash algorithm 01) and
BC. What doesn't fit into the block goes beside the signature.
"""

from __future__ import annotations

import hashlib
import hmac

from cardwright.emv.oda.errors import OdaError
from cardwright.emv.rsa import RsaPrivate, RsaPublic

__all__ = ["OVERHEAD", "digest", "recover", "sign"]

OVERHEAD = 22
"""Octets of a block that hold no message: header, hash and trailer."""

_HEADER, _TRAILER = 0x6A, 0xBC


def sign(key: RsaPrivate, message: bytes) -> bytes:
    """Return the signature, as long as the modulus, of a message that fills its block.

    Raises:
        OdaError: SIGNATURE_LENGTH for a message that leaves room in the block.
    """
    room = len(key.modulus) - OVERHEAD
    if room < 0 or len(message) < room:
        raise OdaError("SIGNATURE_LENGTH", "The message does not fill the block; pad it before")
    return key.apply(b"%c%b%b%c" % (_HEADER, message[:room], digest(message), _TRAILER))


def recover(key: RsaPublic, signature: bytes, rest: bytes) -> bytes:
    """Verify a signature and return the message's octets that it holds.

    Args:
        key: whose signature it should be.
        signature: as long as the key's modulus.
        rest: the message's octets behind those.

    Raises:
        OdaError: SIGNATURE_LENGTH, SIGNATURE_FORMAT when another key signed or octets are wrong,
            SIGNATURE_HASH when the rest is not what was signed.
    """
    if len(signature) != key.length or key.length < OVERHEAD:
        raise OdaError("SIGNATURE_LENGTH", "A signature is as long as its signer's modulus")
    if signature >= key.modulus:
        raise _unrecoverable()
    block = key.apply(signature)
    if block[0] != _HEADER or block[-1] != _TRAILER:
        raise _unrecoverable()
    message, hashed = block[1 : 1 - OVERHEAD], block[1 - OVERHEAD : -1]
    if not hmac.compare_digest(hashed, digest(message + rest)):
        raise OdaError("SIGNATURE_HASH", "The signature is over other data; check all of them")
    return message


def digest(message: bytes) -> bytes:
    """Return the 20 octets of SHA-1, the one hash algorithm that EMV Book 2 has for RSA."""
    return hashlib.sha1(message).digest()  # noqa: S324  # EMV fixes it: annex B3.1


def _unrecoverable() -> OdaError:
    return OdaError("SIGNATURE_FORMAT", "Nothing is recovered: another key signed, or octets broke")
