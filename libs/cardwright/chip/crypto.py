"""The card's cryptographic engine: AES and CMAC for the platform, triple DES for EMV."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

__all__ = [
    "aes_cbc_decrypt",
    "aes_cbc_encrypt",
    "aes_cmac",
    "aes_encrypt_block",
    "aes_key_check_value",
    "des_key_check_value",
    "emv_session_key",
    "pad",
    "retail_mac",
    "unpad",
]

_ZERO_8, _ZERO_16 = bytes(8), bytes(16)


def aes_cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC, 16 octets (NIST SP 800-38B)."""
    engine = CMAC(AES(key))
    engine.update(message)
    return engine.finalize()


def aes_encrypt_block(key: bytes, block: bytes) -> bytes:
    """One AES block."""
    return Cipher(AES(key), ECB()).encryptor().update(block)  # noqa: S305 - one block, no mode


def aes_cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC over whole blocks."""
    return Cipher(AES(key), CBC(iv)).encryptor().update(data)


def aes_cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES-CBC over whole blocks."""
    return Cipher(AES(key), CBC(iv)).decryptor().update(data)


def pad(data: bytes, block: int) -> bytes:
    """ISO/IEC 9797-1 padding method 2: 80, then zeros to a multiple of ``block`` octets."""
    padded = data + b"\x80"
    return padded.ljust(-(-len(padded) // block) * block, b"\0")


def unpad(data: bytes) -> bytes | None:
    """Take padding method 2 off, or None when there is none."""
    stripped = data.rstrip(b"\0")
    return stripped[:-1] if stripped.endswith(b"\x80") else None


def _tdes(key: bytes) -> TripleDES:
    return TripleDES(key + key[:8])


def des_key_check_value(key: bytes) -> bytes:
    """First three octets of a zero block under a double-length DES key (EMV CPS, 9000)."""
    return Cipher(_tdes(key), ECB()).encryptor().update(_ZERO_8)[:3]  # noqa: S305 - one block


def aes_key_check_value(key: bytes) -> bytes:
    """First three octets of a block of 01s under an AES key (GlobalPlatform's way for AES)."""
    return aes_encrypt_block(key, b"\x01" * 16)[:3]


def emv_session_key(master: bytes, atc: int) -> bytes:
    """EMV 4.3 Book 2, A1.3.1, common session key derivation, for a double-length DES key."""
    counter = atc.to_bytes(2, "big")
    diversifier = counter + b"\xf0" + bytes(5) + counter + b"\x0f" + bytes(5)
    return Cipher(_tdes(master), ECB()).encryptor().update(diversifier)  # noqa: S305 - as EMV says


def retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO/IEC 9797-1 algorithm 3 with padding method 2: DES-CBC, the last block triple."""
    left = TripleDES(key[:8] * 3)  # three equal keys are single DES
    head, tail = pad(data, 8)[:-8], pad(data, 8)[-8:]
    chained = Cipher(left, CBC(_ZERO_8)).encryptor().update(head)[-8:] if head else _ZERO_8
    return Cipher(_tdes(key), CBC(chained)).encryptor().update(tail)
