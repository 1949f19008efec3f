"""Block ciphers and RSA by handle: the values stay in the token."""

from __future__ import annotations

from typing import Any, Final

from cardwright.cipher import BlockCipher, CipherError
from cardwright.emv.rsa import RsaError
from services.keymanagement.module.keys import Family, Key
from services.keymanagement.module.pkcs11.objects import LEFT, WHOLE, ident, variant_part
from services.keymanagement.module.pkcs11.token import Token

__all__ = ["Pkcs11Cipher", "Pkcs11Rsa", "Pkcs11Tdes", "mac"]

_OCTETS: Final = {112: 16, 168: 24, 128: 16, 192: 24, 256: 32}


class Pkcs11Cipher:
    """A block cipher under a key of a token, or under a part of one.

    Raises:
        HsmError: KEY_NOT_HELD, BACKEND_UNAVAILABLE or BACKEND_REFUSED, of every operation.
    """

    def __init__(self, token: Token, key: Key, part: str = WHOLE) -> None:
        self._token, self._key, self._part = token, key, part
        self._ident = ident(key, part)
        self._aes = key.algorithm.family is Family.AES
        p11 = token.p11
        self._cbc_type = p11.CKM_AES_CBC if self._aes else p11.CKM_DES3_CBC
        self._ecb = p11.Mechanism(p11.CKM_AES_ECB if self._aes else p11.CKM_DES3_ECB, None)
        self._cmac = p11.Mechanism(p11.CKM_AES_CMAC if self._aes else p11.CKM_DES3_CMAC, None)

    @property
    def block(self) -> int:
        """Octets of a block."""
        return 16 if self._aes else 8

    @property
    def length(self) -> int:
        """Octets of the key."""
        return 24 if self._part == LEFT else _OCTETS[self._key.algorithm.bits]

    def encrypt(self, blocks: bytes) -> bytes:
        """Encipher whole blocks, each for itself."""
        return self._crypt("encrypt", blocks, self._ecb)

    def decrypt(self, blocks: bytes) -> bytes:
        """Decipher whole blocks, each for itself."""
        return self._crypt("decrypt", blocks, self._ecb)

    def encrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Encipher whole blocks, chained."""
        return self._crypt("encrypt", blocks, self._cbc(iv))

    def decrypt_cbc(self, blocks: bytes, iv: bytes) -> bytes:
        """Decipher whole blocks, chained."""
        return self._crypt("decrypt", blocks, self._cbc(iv))

    def cmac(self, message: bytes) -> bytes:
        """Compute the CMAC of a message of any length."""
        return mac(self._token, self._key, self._cmac, message, self._ident)

    def _cbc(self, iv: bytes) -> Any:
        if len(iv) != self.block:
            raise CipherError("BLOCK_LENGTH", f"An initial value of {len(iv)} octets is no block")
        return self._token.p11.Mechanism(self._cbc_type, iv)

    def _crypt(self, operation: str, blocks: bytes, mechanism: Any) -> bytes:
        if len(blocks) % self.block:
            raise CipherError("BLOCK_LENGTH", f"{len(blocks)} octets are no whole blocks")
        if not blocks:
            return b""

        def work(session: Any, handle: Any) -> bytes:
            return bytes(getattr(session, operation)(handle, blocks, mechanism))

        return self._token.use(self._key.key_id, self._ident, work)


class Pkcs11Tdes(Pkcs11Cipher):
    """Triple DES, with the parts that card standards take of a key."""

    @property
    def left(self) -> BlockCipher:
        """Single DES under the key's first 8 octets."""
        return Pkcs11Cipher(self._token, self._key, LEFT)

    def variant(self, mask: int) -> BlockCipher:
        """Return triple DES under this key with ``mask`` added to each octet (X9.143, 7.4)."""
        return Pkcs11Cipher(self._token, self._key, variant_part(mask))


class Pkcs11Rsa:
    """The raw RSA operation under a pair of a token (CKM_RSA_X_509)."""

    def __init__(self, token: Token, key: Key, modulus: bytes) -> None:
        self._token, self._key, self._modulus = token, key, modulus
        self._mechanism = token.p11.Mechanism(token.p11.CKM_RSA_X_509, None)

    @property
    def modulus(self) -> bytes:
        """The modulus, big-endian."""
        return self._modulus

    @property
    def exponent(self) -> int:
        """The public exponent."""
        return self._key.algorithm.exponent

    def apply(self, block: bytes) -> bytes:
        """Return ``block`` to the power of the private exponent.

        Raises:
            RsaError: RSA_BLOCK, or RSA_FAULT: what the token answered is not the result.
            HsmError: KEY_NOT_HELD, BACKEND_UNAVAILABLE or BACKEND_REFUSED.
        """
        length = len(self._modulus)
        if len(block) != length or block >= self._modulus:
            raise RsaError("RSA_BLOCK", "A block is as long as the modulus and less than it")

        def work(session: Any, handle: Any) -> bytes:
            return bytes(session.sign(handle, block, self._mechanism))

        power = self._token.use(self._key.key_id, ident(self._key), work).rjust(length, b"\0")
        modulus = int.from_bytes(self._modulus)
        if pow(int.from_bytes(power), self.exponent, modulus) != int.from_bytes(block):
            raise RsaError("RSA_FAULT", "The RSA result is wrong; take the token out of use")
        return power


def mac(token: Token, key: Key, mechanism: Any, message: bytes, named: bytes) -> bytes:
    """Compute a MAC: CKM_AES_CMAC, CKM_DES3_CMAC or CKM_SHA256_HMAC.

    Raises:
        HsmError: KEY_NOT_HELD, BACKEND_UNAVAILABLE or BACKEND_REFUSED.
    """

    def sign(session: Any, handle: Any) -> bytes:
        if not message:
            return _mac_of_nothing(token.p11, session, handle, mechanism)
        return bytes(session.sign(handle, message, mechanism))

    return token.use(key.key_id, named, sign)


def _mac_of_nothing(p11: Any, session: Any, handle: Any, mechanism: Any) -> bytes:
    """Compute the MAC of no octets, which C_Sign takes for a mistake and C_SignFinal does not."""
    low, answer = session.lib, p11.ckbytelist()
    # The second call says how long the answer will be, the third gives it.
    returned = low.C_SignInit(session.session, mechanism.to_native(), handle)
    for _ in range(2):
        returned = returned or low.C_SignFinal(session.session, answer)
    if returned:
        raise p11.PyKCS11Error(returned)
    return bytes(answer)
