"""Block ciphers as the card standards use them: by handle, so that a key may stay in an HSM.

The standards' algorithms (CVV, PVV, EMV derivation, key blocks, SCP02 and SCP03) are written over
``BlockCipher`` and ``Tdes``. ``ClearTdes`` and ``ClearAes`` hold a key in this process: session and
card keys in the security module, and every key in tests. A PKCS#11 backend gives handles instead.
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.secret import SecretBytes

__all__ = ["BlockCipher", "CipherError", "ClearAes", "ClearTdes", "Tdes", "odd_parity"]

_ODD: Final = bytes(octet ^ (octet.bit_count() + 1) % 2 for octet in range(256))


class CipherError(ValueError):
    """A key or message that the cipher can't take.

    Attributes:
        code: KEY_LENGTH or BLOCK_LENGTH.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BlockCipher(Protocol):
    """A block cipher under one key.

    Attributes:
        block: octets of a block: 8 for triple DES, 16 for AES.
        length: octets of the key.
    """

    @property
    def block(self) -> int:
        """Octets of a block."""

    @property
    def length(self) -> int:
        """Octets of the key."""

    def encrypt(self, blocks: bytes) -> bytes:
        """Encipher whole blocks, each for itself (ECB)."""

    def decrypt(self, blocks: bytes) -> bytes:
        """Decipher whole blocks, each for itself (ECB)."""

    def encrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Encipher whole blocks, chained."""

    def decrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Decipher whole blocks, chained."""

    def cmac(self, message: bytes) -> bytes:
        """Compute the CMAC (NIST SP 800-38B) of a message of any length, one block."""


class Tdes(BlockCipher, Protocol):
    """Triple DES with a double or triple length key."""

    @property
    def left(self) -> BlockCipher:
        """Single DES under the key's first 8 octets: CVV's first block, retail MAC's chaining."""


class _Clear:
    """What both ciphers do alike, over an algorithm of ``cryptography`` that holds the key."""

    def __init__(self, algorithm: AES | TripleDES, block: int, length: int) -> None:
        self._algorithm, self._block, self._length = algorithm, block, length

    @property
    def block(self) -> int:
        """Octets of a block."""
        return self._block

    @property
    def length(self) -> int:
        """Octets of the key."""
        return self._length

    def encrypt(self, blocks: bytes) -> bytes:
        """Encipher whole blocks, each for itself."""
        return self._ecb().encryptor().update(self._whole(blocks))

    def decrypt(self, blocks: bytes) -> bytes:
        """Decipher whole blocks, each for itself."""
        return self._ecb().decryptor().update(self._whole(blocks))

    def encrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Encipher whole blocks, chained."""
        return Cipher(self._algorithm, modes.CBC(iv)).encryptor().update(self._whole(blocks))

    def decrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Decipher whole blocks, chained."""
        return Cipher(self._algorithm, modes.CBC(iv)).decryptor().update(self._whole(blocks))

    def cmac(self, message: bytes) -> bytes:
        """Compute the CMAC of a message of any length."""
        mac = CMAC(self._algorithm)
        mac.update(message)
        return mac.finalize()

    def _ecb(self) -> Cipher[modes.ECB]:
        # The card standards encipher single blocks of diversified data or keys, never messages.
        return Cipher(self._algorithm, modes.ECB())  # noqa: S305  # as said above

    def _whole(self, blocks: bytes) -> bytes:
        if len(blocks) % self._block:
            raise CipherError("BLOCK_LENGTH", f"{len(blocks)} octets are no whole blocks")
        return blocks


class ClearAes(_Clear):
    """AES under a key of 16, 24 or 32 octets held here.

    Raises:
        CipherError: KEY_LENGTH.
    """

    def __init__(self, key: SecretBytes) -> None:
        if len(key) not in {16, 24, 32}:
            raise CipherError("KEY_LENGTH", "An AES key has 16, 24 or 32 octets")
        super().__init__(AES(key.reveal()), 16, len(key))


class ClearTdes(_Clear):
    """Triple DES under a key of 16 or 24 octets held here; parity bits don't matter.

    Raises:
        CipherError: KEY_LENGTH.
    """

    def __init__(self, key: SecretBytes) -> None:
        if len(key) not in {16, 24}:
            raise CipherError("KEY_LENGTH", "A triple DES key has 16 or 24 octets")
        self._key = key
        clear = key.reveal()
        # The library warns of 16 octets, which every payment scheme uses: expand them.
        super().__init__(TripleDES((clear + clear[:8])[:24]), 8, len(key))

    @property
    def left(self) -> BlockCipher:
        """Single DES under the first 8 octets: triple DES with three equal keys."""
        return ClearTdes(SecretBytes(self._key.reveal()[:8] * 3))


def odd_parity(key: bytes) -> bytes:
    """Return ``key`` with the low bit of each octet set so that its count of ones is odd."""
    return key.translate(_ODD)
