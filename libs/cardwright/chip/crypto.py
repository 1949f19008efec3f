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
    "des_encrypt_block",
    "des_key_check_value",
    "pad",
    "retail_mac",
    "retail_mac_of_blocks",
    "tdes_cbc_decrypt",
    "tdes_cbc_encrypt",
    "tdes_ecb_decrypt",
    "tdes_ecb_encrypt",
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


def retail_mac(key: bytes, data: bytes, icv: bytes = _ZERO_8) -> bytes:
    """ISO/IEC 9797-1 algorithm 3 with padding method 2: DES-CBC, the last block triple."""
    return retail_mac_of_blocks(key, pad(data, 8), icv)


def retail_mac_of_blocks(key: bytes, blocks: bytes, icv: bytes = _ZERO_8) -> bytes:
    """ISO/IEC 9797-1 algorithm 3 over one whole block or more."""
    left = TripleDES(key[:8] * 3)  # three equal keys are single DES
    head, tail = blocks[:-8], blocks[-8:]
    chained = Cipher(left, CBC(icv)).encryptor().update(head)[-8:] if head else icv
    return Cipher(_tdes(key), CBC(chained)).encryptor().update(tail)


def tdes_cbc_encrypt(key: bytes, data: bytes) -> bytes:
    """Triple DES with a double-length key in CBC mode over whole blocks, ICV zero."""
    return Cipher(_tdes(key), CBC(_ZERO_8)).encryptor().update(data)


def tdes_cbc_decrypt(key: bytes, data: bytes) -> bytes:
    """The inverse of ``tdes_cbc_encrypt``."""
    return Cipher(_tdes(key), CBC(_ZERO_8)).decryptor().update(data)


def tdes_ecb_encrypt(key: bytes, data: bytes) -> bytes:
    """Triple DES with a double-length key, each block for itself."""
    return Cipher(_tdes(key), ECB()).encryptor().update(data)  # noqa: S305 - as the standards say


def tdes_ecb_decrypt(key: bytes, data: bytes) -> bytes:
    """The inverse of ``tdes_ecb_encrypt``."""
    return Cipher(_tdes(key), ECB()).decryptor().update(data)  # noqa: S305 - as the standards say


def des_encrypt_block(key: bytes, block: bytes) -> bytes:
    """Single DES under the first half of a double-length key: three equal keys are single DES."""
    single = TripleDES(key[:8] * 3)
    return Cipher(single, ECB()).encryptor().update(block)  # noqa: S305 - one block, no mode
