"""The symmetric algorithms of an application: triple DES or AES (EMV 4.4 Book 2, annexes A1, B1).

A suite takes keys as octets: master keys from personalization, session keys from itself.
"""

from __future__ import annotations

from typing import Final, Protocol

from cardwright.chip.crypto import (
    aes_cbc_decrypt,
    aes_cmac,
    aes_encrypt_block,
    aes_key_check_value,
    des_key_check_value,
    retail_mac,
    retail_mac_of_blocks,
    tdes_cbc_decrypt,
    tdes_ecb_encrypt,
)

__all__ = ["AES", "TDES", "Suite"]


class Suite(Protocol):
    """What an application needs of a block cipher.

    Attributes:
        block: octets of a block.
        key_sizes: octets that a key may have.
    """

    @property
    def block(self) -> int:
        """Octets of a block."""

    @property
    def key_sizes(self) -> tuple[int, ...]:
        """Octets that a key may have."""

    def check_value(self, key: bytes) -> bytes:
        """The first three octets that tell keys apart (EMV CPS 2.0, 7.15)."""

    def session_key(self, master: bytes, diversifier: bytes) -> bytes:
        """The common session key derivation option (A1.3.1).

        ``diversifier`` is at least three octets long; zeros fill it up to a block.
        """

    def mac(self, key: bytes, message: bytes) -> bytes:
        """The MAC of a message of any length (A1.2), a whole block; its left end is what counts."""

    def mac_of_blocks(self, key: bytes, blocks: bytes) -> bytes:
        """The MAC of a message that is padded already, as secure messaging format 1 has it."""

    def answer(self, key: bytes, block: bytes) -> bytes:
        """Eight octets enciphered to eight: the ARPC of method 1 (8.2.1)."""

    def decipher(self, key: bytes, data: bytes) -> bytes:
        """Decipher whole blocks in CBC mode from a zero block on (A1.1)."""


def _two_blocks(diversifier: bytes) -> bytes:
    head, tail = diversifier[:2], diversifier[3:]
    return head + b"\xf0" + tail + head + b"\x0f" + tail


class _Tdes:
    block = 8
    key_sizes = (16,)

    def check_value(self, key: bytes) -> bytes:
        return des_key_check_value(key)

    def session_key(self, master: bytes, diversifier: bytes) -> bytes:
        return tdes_ecb_encrypt(master, _two_blocks(diversifier.ljust(8, b"\0")))

    def mac(self, key: bytes, message: bytes) -> bytes:
        return retail_mac(key, message)

    def mac_of_blocks(self, key: bytes, blocks: bytes) -> bytes:
        return retail_mac_of_blocks(key, blocks)

    def answer(self, key: bytes, block: bytes) -> bytes:
        return tdes_ecb_encrypt(key, block)

    def decipher(self, key: bytes, data: bytes) -> bytes:
        return tdes_cbc_decrypt(key, data)


class _Aes:
    block = 16
    key_sizes = (16, 24, 32)

    def check_value(self, key: bytes) -> bytes:
        return aes_key_check_value(key)

    def session_key(self, master: bytes, diversifier: bytes) -> bytes:
        value = diversifier.ljust(16, b"\0")
        if len(master) == 16:
            return aes_encrypt_block(master, value)
        return aes_encrypt_block(master, _two_blocks(value))[: len(master)]

    def mac(self, key: bytes, message: bytes) -> bytes:
        return aes_cmac(key, message)

    def mac_of_blocks(self, key: bytes, blocks: bytes) -> bytes:
        return aes_cmac(key, blocks)

    def answer(self, key: bytes, block: bytes) -> bytes:
        return aes_encrypt_block(key, block + bytes(8))[:8]

    def decipher(self, key: bytes, data: bytes) -> bytes:
        return aes_cbc_decrypt(key, bytes(16), data)


TDES: Final[Suite] = _Tdes()
"""Triple DES with double-length keys; MACs by ISO/IEC 9797-1 algorithm 3."""

AES: Final[Suite] = _Aes()
"""AES with keys of 16, 24 or 32 octets; MACs by CMAC."""
