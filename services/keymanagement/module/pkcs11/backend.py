"""A caller's token as `Backend`: every use of a key is an operation in the token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec

from cardwright.cipher import BlockCipher, Tdes
from cardwright.emv.rsa import RsaPrivate
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Family, Key
from services.keymanagement.module.pkcs11.ciphers import Pkcs11Cipher, Pkcs11Rsa, Pkcs11Tdes, mac
from services.keymanagement.module.pkcs11.objects import ident, parse
from services.keymanagement.module.pkcs11.token import Token
from services.keymanagement.module.values import CURVE

__all__ = ["Pkcs11Backend", "list_keys", "read_public"]

_POINT: Final = 65
_SHARED: Final = 32
_PAIRS: Final = {Family.P256, Family.ED25519, Family.RSA}


class Pkcs11Backend:
    """Uses the keys of one token; implements `Backend`.

    Args:
        token: the caller's own, logged in.
        public: where the public halves of all pairs lie, readable without a login.
    """

    def __init__(self, token: Token, public: Token) -> None:
        self._token, self._public = token, public
        self._publics: dict[str, bytes] = {}
        p11 = token.p11
        self._eddsa = p11.Mechanism(p11.CKM_EDDSA, None)
        self._hmac = p11.Mechanism(p11.CKM_SHA256_HMAC, None)

    def keys(self) -> Iterable[Key]:
        """List the keys that this token holds, and the pairs of which it can see the public half.

        To use another's private half ends in KEY_NOT_HELD.
        """
        return [*dict.fromkeys([*self.held(), *list_keys(self._public, private=False)])]

    def held(self) -> list[Key]:
        """List the keys that this token holds and can use."""
        return list_keys(self._token, private=True)

    def refresh(self) -> None:
        """Look again which keys there are."""
        self._token.forget()

    def public_value(self, key: Key) -> bytes:
        """Return a pair's public half; it never changes, so it is read once."""
        if key.algorithm.family not in _PAIRS:
            raise HsmError("KEY_USAGE", f"A {key.algorithm} key has no public half.")
        found = self._publics.get(key.key_id)
        if found is None:
            found = self._publics[key.key_id] = read_public(self._public, key)
        return found

    def sign(self, key: Key, payload: bytes) -> bytes:
        """Sign by Ed25519."""

        def work(session: Any, handle: Any) -> bytes:
            return bytes(session.sign(handle, payload, self._eddsa))

        return self._home(key).use(key.key_id, ident(key), work)

    def agree(self, key: Key, public_key: bytes) -> SecretBytes:
        """Agree by ECDH on P-256; ValueError if the point is none."""
        # Libraries differ in what they say of a point that is none, and some say nothing.
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, public_key)
        if len(public_key) != _POINT:
            raise ValueError("a compressed point")
        p11 = self._token.p11
        template = [
            (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
            (p11.CKA_KEY_TYPE, p11.CKK_GENERIC_SECRET),
            (p11.CKA_TOKEN, p11.CK_FALSE),
            (p11.CKA_PRIVATE, p11.CK_TRUE),
            (p11.CKA_SENSITIVE, p11.CK_FALSE),  # the shared secret is for the verbs
            (p11.CKA_EXTRACTABLE, p11.CK_TRUE),
            (p11.CKA_VALUE_LEN, _SHARED),
        ]
        mechanism = p11.ECDH1_DERIVE_Mechanism(public_key)

        def work(session: Any, handle: Any) -> bytes:
            derived = session.deriveKey(handle, template, mechanism)
            (value,) = session.getAttributeValue(derived, [p11.CKA_VALUE])
            session.destroyObject(derived)
            return bytes(value)

        return SecretBytes(self._home(key).use(key.key_id, ident(key), work))

    def digest(self, key: Key, value: bytes) -> bytes:
        """HMAC-SHA-256."""
        return mac(self._home(key), key, self._hmac, value, ident(key))

    def tdes(self, key: Key) -> Tdes:
        """Return triple DES under a key."""
        return Pkcs11Tdes(self._home(key), key)

    def cipher(self, key: Key) -> BlockCipher:
        """Return the block cipher under a key."""
        of_aes = key.algorithm.family is Family.AES
        home = self._home(key)
        return Pkcs11Cipher(home, key) if of_aes else Pkcs11Tdes(home, key)

    def rsa(self, key: Key) -> RsaPrivate:
        """Return the raw RSA operation under a key pair."""
        return Pkcs11Rsa(self._home(key), key, self.public_value(key))

    def _home(self, key: Key) -> Token:  # noqa: ARG002  # whoever has more tokens chooses by it
        """Return the token that holds a key."""
        return self._token


def list_keys(token: Token, *, private: bool) -> list[Key]:
    """List the keys of which a token holds the secret or private object, or the public one."""
    p11 = token.p11
    template = (
        [(p11.CKA_PRIVATE, p11.CK_TRUE)] if private else [(p11.CKA_CLASS, p11.CKO_PUBLIC_KEY)]
    )

    def work(session: Any) -> list[Key]:
        found = []
        for handle in session.findObjects(template):
            label, named = session.getAttributeValue(handle, [p11.CKA_LABEL, p11.CKA_ID])
            if label and named and (key := parse(_text(label), bytes(named))):
                found.append(key)
        return found

    return token.run(work)


def read_public(token: Token, key: Key) -> bytes:
    """Read a pair's public half: a point, 32 octets of Ed25519, or a modulus.

    Raises:
        HsmError: KEY_UNKNOWN, BACKEND_UNAVAILABLE or BACKEND_REFUSED.
    """
    p11 = token.p11
    template = [
        (p11.CKA_CLASS, p11.CKO_PUBLIC_KEY),
        (p11.CKA_LABEL, key.key_id),
        (p11.CKA_ID, ident(key)),
    ]
    of_rsa = key.algorithm.family is Family.RSA

    def work(session: Any) -> bytes:
        for handle in session.findObjects(template):
            wanted = p11.CKA_MODULUS if of_rsa else p11.CKA_EC_POINT
            (value,) = session.getAttributeValue(handle, [wanted])
            return bytes(value) if of_rsa else bytes(value)[2:]  # without tag and length
        raise HsmError("KEY_UNKNOWN", f"There is no public half of {key.key_id}.")

    return token.run(work)


def _text(label: Any) -> str:
    return label if isinstance(label, str) else bytes(label).decode("ascii", "replace")
