"""The boundary around keys: operations on handles, whatever holds the keys.

A backend knows keys as a token knows objects. What each key may be used for now (state, dates,
environment, counts) is the inventory's business, not a backend's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cardwright.cipher import BlockCipher, Tdes
from cardwright.emv.rsa import RsaPrivate
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keys import Algorithm, Key, Usage

__all__ = ["Backend", "KeyChanger", "Tokens"]


class Backend(Protocol):
    """Uses keys; what derives from them for one card crosses it, the keys themselves never do.

    Handles stay good as long as the key does. A backend that lost its hardware raises HsmError with
    BACKEND_UNAVAILABLE, which passes; the same call may then be made again.
    """

    def keys(self) -> Iterable[Key]:
        """List every key (C_FindObjects)."""

    def refresh(self) -> None:
        """Look again which keys there are: a ceremony changed some."""

    def public_value(self, key: Key) -> bytes:
        """Return a pair's public half: a P-256 point (SEC 1), 32 octets of Ed25519, a modulus."""

    def sign(self, key: Key, payload: bytes) -> bytes:
        """Sign by Ed25519 (CKM_EDDSA)."""

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        """Agree by ECDH on P-256 (CKM_ECDH1_DERIVE); ValueError if the point is none."""

    def digest(self, key: Key, value: bytes) -> bytes:
        """HMAC-SHA-256 (CKM_SHA256_HMAC)."""

    def tdes(self, key: Key) -> Tdes:
        """Return triple DES under a key (CKM_DES3_ECB, CKM_DES3_CBC, CKM_DES3_CMAC)."""

    def cipher(self, key: Key) -> BlockCipher:
        """Return the block cipher under a key: AES (CKM_AES_ECB, …), or triple DES as above."""

    def rsa(self, key: Key) -> RsaPrivate:
        """Return the raw RSA operation under a key pair (CKM_RSA_X_509)."""


class KeyChanger(Protocol):
    """Makes and ends keys. Only ceremonies and the set-up hold one; verbs never do."""

    def generate(self, label: str, version: int, usage: Usage, algorithm: Algorithm) -> Key:
        """Make a random key inside.

        Raises:
            HsmError: KEY_EXISTS, KEY_ALGORITHM (it doesn't suit the usage).
        """

    def put(
        self, label: str, version: int, usage: Usage, algorithm: Algorithm, value: SecretBytes
    ) -> Key:
        """Bring a value in, in the form that ``value`` gives it out.

        Raises:
            HsmError: KEY_EXISTS, KEY_ALGORITHM, KEY_VALUE (weak, or no such key).
        """

    def value(self, key: Key) -> SecretBytes:
        """Give a value out, to be split or wrapped at once.

        Raises:
            HsmError: KEY_NOT_EXPORTABLE.
        """

    def destroy(self, key: Key) -> None:
        """Destroy a key's value for ever; nothing happens if it is gone."""

    def commit(self) -> None:
        """Make durable what was changed; a token has done so already."""


class Tokens(Protocol):
    """Whose keys a backend shows: PKCS#11 authorises per token, so each caller has its own."""

    def of(self, caller: str, login: SecretText) -> Backend:
        """Return the token of a caller, e.g. "printing.site-1", opened by its login.

        Raises:
            HsmError: TOKEN_UNKNOWN, TOKEN_LOGIN, BACKEND_UNAVAILABLE.
        """
