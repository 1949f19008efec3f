"""The issuer's own triple DES, AES and MACs (EMV Book 2, annexes A1 and B1).

They repeat what other packages have on purpose: this host checks their cards.
"""

from __future__ import annotations

from enum import Enum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.issuerhost.errors import IssuerHostError
from cardwright.secret import SecretBytes

__all__ = ["Algorithm", "encrypt", "encrypt_cbc", "mac", "mac_of_blocks", "pad", "with_parity"]


class Algorithm(Enum):
    """A block cipher; the value is its block's octets."""

    TDES = 8
    AES = 16


def encrypt(algorithm: Algorithm, key: SecretBytes, blocks: bytes) -> bytes:
    """Encipher whole blocks, each for itself.

    Raises:
        IssuerHostError: KEY_LENGTH.
    """
    # The standard enciphers single blocks of diversified data, never messages.
    cipher = Cipher(_keyed(algorithm, key), modes.ECB())  # noqa: S305  # as said above
    return cipher.encryptor().update(blocks)


def encrypt_cbc(algorithm: Algorithm, key: SecretBytes, blocks: bytes) -> bytes:
    """Encipher whole blocks, chained from a block of zeros on.

    Raises:
        IssuerHostError: KEY_LENGTH.
    """
    zeros = bytes(algorithm.value)
    return Cipher(_keyed(algorithm, key), modes.CBC(zeros)).encryptor().update(blocks)


def mac(
    algorithm: Algorithm, key: SecretBytes, message: bytes, *, zero_padding: bool = False
) -> bytes:
    """Return the MAC of a message, one block; its left octets are what EMV takes.

    Args:
        algorithm: triple DES: ISO/IEC 9797-1 algorithm 3; AES: CMAC.
        key: the session key.
        message: of any length.
        zero_padding: triple DES's padding method 1, for old cryptogram versions; else method 2.

    Raises:
        IssuerHostError: KEY_LENGTH.
    """
    if algorithm is Algorithm.AES:
        return mac_of_blocks(algorithm, key, message)
    padded = message + bytes(-len(message) % 8) if zero_padding else pad(message, 8)
    return mac_of_blocks(algorithm, key, padded)


def mac_of_blocks(algorithm: Algorithm, key: SecretBytes, blocks: bytes) -> bytes:
    """Return the MAC of a message that is padded already; raises as ``mac``."""
    if algorithm is Algorithm.AES:
        cmac = CMAC(AES(_checked(algorithm, key)))
        cmac.update(blocks)
        return cmac.finalize()
    left = SecretBytes(key.reveal()[:8] * 2)  # equal halves: single DES
    chain = encrypt_cbc(algorithm, left, blocks[:-8])[-8:] or bytes(8)
    return encrypt(algorithm, key, bytes(a ^ b for a, b in zip(chain, blocks[-8:], strict=True)))


def pad(message: bytes, block: int) -> bytes:
    """Return a message with 80 and zeros up to whole blocks (ISO/IEC 9797-1 method 2)."""
    marked = message + b"\x80"
    return marked + bytes(-len(marked) % block)


def with_parity(key: bytes) -> bytes:
    """Return a triple DES key with an odd count of ones in each octet."""
    return bytes(octet ^ 1 ^ octet.bit_count() & 1 for octet in key)


def _keyed(algorithm: Algorithm, key: SecretBytes) -> TripleDES | AES:
    clear = _checked(algorithm, key)
    if algorithm is Algorithm.AES:
        return AES(clear)
    return TripleDES(clear + clear[:8])  # two keys, the first again


def _checked(algorithm: Algorithm, key: SecretBytes) -> bytes:
    lengths = {16} if algorithm is Algorithm.TDES else {16, 24, 32}
    if len(key) not in lengths:
        raise IssuerHostError("KEY_LENGTH", "A key has 16 octets, of AES also 24 or 32")
    return key.reveal()
