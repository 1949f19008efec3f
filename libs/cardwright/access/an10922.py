"""NXP AN10922, "Symmetric key diversifications": a badge's AES keys from a master key.

The master key is a handle, so that it may stay in an HSM; the badge's key leaves as a secret, to be
sealed for its chip. A reader that holds the master key derives the same key from what the badge
tells about itself.
"""

from __future__ import annotations

from typing import Final

from cardwright.access.errors import AccessError
from cardwright.cipher import BlockCipher
from cardwright.secret import SecretBytes

__all__ = ["MAX_DIVERSIFIER", "diversification_input", "diversify"]

MAX_DIVERSIFIER: Final = 31
"""Octets that, with the constant, fill the two blocks which the algorithm always takes."""

_BLOCK: Final = 16
_CONSTANTS: Final = {16: (0x01,), 24: (0x11, 0x12), 32: (0x41, 0x42)}
_REDUCTION: Final = 0x87  # x^128 = x^7 + x^2 + x + 1 (NIST SP 800-38B, 5.3)


def diversification_input(uid: bytes, application: bytes, system: bytes) -> bytes:
    """Join a badge's UID, application identifier and system identifier, as the note recommends.

    Raises:
        AccessError: DIVERSIFIER_LENGTH.
    """
    diversifier = uid + application + system
    _check_length(diversifier)
    return diversifier


def diversify(master: BlockCipher, diversifier: bytes) -> SecretBytes:
    """Return the badge's key, as long as the master key (2.2.1 to 2.2.3 of the note).

    Args:
        master: an AES key of 16, 24 or 32 octets.
        diversifier: 1 to 31 octets, another for every badge (``M`` in the note). With fewer than
            16 the master key must be one that enciphers blocks, not for CMAC alone.

    Raises:
        AccessError: DIVERSIFIER_LENGTH or KEY_ALGORITHM.
    """
    if master.block != _BLOCK:
        raise AccessError("KEY_ALGORITHM", "AN10922 is served for AES master keys alone")
    _check_length(diversifier)
    halves = [_mac(master, bytes((c,)) + diversifier) for c in _CONSTANTS[master.length]]
    if master.length == 24:
        return SecretBytes(_joined_192(*halves))
    return SecretBytes(b"".join(halves))


def _joined_192(first: bytes, second: bytes) -> bytes:
    """Make 24 octets of two blocks: they overlap in the middle (2.2.2)."""
    middle = bytes(a ^ b for a, b in zip(first[8:], second[:8], strict=True))
    return first[:8] + middle + second[8:]


def _mac(master: BlockCipher, message: bytes) -> bytes:
    """Compute the note's CMAC: always of two blocks.

    It is CMAC where the message reaches the second block, so that a key which may do nothing else
    will do. A shorter one is padded up to the second block's end all the same, which SP 800-38B
    would not do.
    """
    if len(message) > _BLOCK:
        return master.cmac(message)
    subkey = _doubled(_doubled(master.encrypt(bytes(_BLOCK))))
    padded = (message + b"\x80").ljust(2 * _BLOCK, b"\0")
    last = bytes(a ^ b for a, b in zip(padded[_BLOCK:], subkey, strict=True))
    return master.encrypt_cbc(padded[:_BLOCK] + last, bytes(_BLOCK))[_BLOCK:]


def _doubled(block: bytes) -> bytes:
    """Multiply by x in GF(2^128): how each subkey comes from the one before it."""
    value = int.from_bytes(block, "big") << 1
    if value >> 128:
        value ^= 1 << 128 | _REDUCTION
    return value.to_bytes(_BLOCK, "big")


def _check_length(diversifier: bytes) -> None:
    if not 1 <= len(diversifier) <= MAX_DIVERSIFIER:
        raise AccessError(
            "DIVERSIFIER_LENGTH",
            f"A diversification input has 1 to {MAX_DIVERSIFIER} octets, not {len(diversifier)}: "
            "shorten the system identifier",
        )
