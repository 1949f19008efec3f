"""Makes and ends keys in all the tokens that hold them, for ceremonies and the set-up alone.

A pair that one token alone uses is made there and never leaves it. PKCS#11 can neither copy between
tokens nor take a part of a key, so the value of any other key passes through this process once,
when it is made: drawn from the custodians' token's generator and put where it belongs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.pkcs11.backend import Pkcs11Backend
from services.keymanagement.module.pkcs11.capabilities import require_capable
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki
from services.keymanagement.module.pkcs11.holders import CUSTODIANS, holders, token_label
from services.keymanagement.module.pkcs11.objects import (
    ED25519_PARAMETERS,
    EXPONENT_OCTETS,
    P256_PARAMETERS,
    WHOLE,
    ident,
    parts_of,
    private_template,
    public_template,
    secret_of,
)
from services.keymanagement.module.pkcs11.pins import officer_pin, user_pin
from services.keymanagement.module.pkcs11.token import Token
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.values import (
    check_value,
    make,
    public_check_value,
    public_value,
    require_sound,
    require_suited,
)

__all__ = ["Pkcs11Store"]

_PAIRS: Final = {Family.P256, Family.ED25519, Family.RSA}
_TRANSPORT: Final = 32
_APPLICATION: Final = "cardwright"


class Pkcs11Store(Pkcs11Backend):
    """Implements `Store`: uses and changes keys in all tokens.

    A pair that a caller's token alone holds is used there: for the request of a certificate, say.

    Args:
        cryptoki: the library.
        house: whose tokens they are, see `token_label`.
        passphrase: the custodians', which opens their token, and theirs the others'.
        callers: who has a token.

    Raises:
        HsmError: TOKEN_UNKNOWN, TOKEN_LOGIN, BACKEND_UNAVAILABLE.
    """

    def __init__(
        self, cryptoki: Cryptoki, house: str, passphrase: SecretText, callers: Sequence[Caller]
    ) -> None:
        self._cryptoki, self._p11, self._callers = cryptoki, cryptoki.p11, callers
        self._house, self._passphrase = house, passphrase
        label = token_label(house, CUSTODIANS)
        self._custodians = Token(cryptoki, label, user_pin(passphrase, label), writable=True)
        self._tokens: dict[str, Token] = {}
        super().__init__(self._custodians, self._custodians)
        self._announced = cryptoki.mechanisms(self._custodians.slot)

    def admit(self, caller: str, login: SecretText) -> None:
        """Make a caller's token, and let the custodians know its PIN, so that they can put keys in.

        Raises:
            HsmError: TOKEN_EXISTS, TOKEN_SLOT, BACKEND_UNAVAILABLE or BACKEND_REFUSED.
        """
        label = token_label(self._house, caller)
        pin = user_pin(login, label)
        self._cryptoki.make_token(label, officer_pin(self._passphrase, label), pin)
        p11 = self._p11
        template = [
            (p11.CKA_CLASS, p11.CKO_DATA),
            (p11.CKA_TOKEN, p11.CK_TRUE),
            (p11.CKA_PRIVATE, p11.CK_TRUE),
            (p11.CKA_MODIFIABLE, p11.CK_FALSE),
            (p11.CKA_APPLICATION, _APPLICATION),
            (p11.CKA_LABEL, label),
            (p11.CKA_VALUE, pin.reveal().encode()),
        ]
        self._custodians.run(lambda session: session.createObject(template))

    def generate(self, label: str, version: int, usage: Usage, algorithm: Algorithm) -> Key:
        """Make a random key: a pair of one token in that token, others by a token's generator.

        Raises:
            HsmError: KEY_EXISTS, KEY_ALGORITHM, BACKEND_INCAPABLE, BACKEND_UNAVAILABLE or
                BACKEND_REFUSED.
        """
        require_suited(usage, algorithm)
        require_capable(usage, algorithm, self._announced)
        homes = holders(self._callers, label)
        if algorithm.family not in _PAIRS or len(homes) > 1:
            value = make(usage, algorithm, self._random)
            return self.put(label, version, usage, algorithm, value)
        named = Key(label, version, usage, algorithm, b"")
        self._require_new(named)
        token = self._opened(homes[0]) if homes else self._custodians
        public = token.run(lambda session: self._make_pair(session, named))
        key = Key(label, version, usage, algorithm, public_check_value(public))
        token.run(lambda session: self._name(session, key))
        self._publish(key, public)
        return key

    def put(
        self, label: str, version: int, usage: Usage, algorithm: Algorithm, value: SecretBytes
    ) -> Key:
        """Bring a value in, to every token that is to hold it; the custodians' last.

        Raises:
            HsmError: KEY_EXISTS, KEY_ALGORITHM, KEY_VALUE, BACKEND_INCAPABLE, BACKEND_UNAVAILABLE
                or BACKEND_REFUSED.
        """
        require_sound(usage, algorithm, value)
        require_capable(usage, algorithm, self._announced)
        key = Key(label, version, usage, algorithm, check_value(algorithm, value))
        self._require_new(key)
        homes = holders(self._callers, label)
        for home in homes:
            self._store(self._opened(home), key, value, extractable=False)
        if not homes or algorithm.family not in _PAIRS:
            self._store(self._custodians, key, value, extractable=usage.exportable)
        if algorithm.family in _PAIRS:
            self._publish(key, public_value(algorithm, value))
        return key

    def value(self, key: Key) -> SecretBytes:
        """Wrap a value out of the custodians' token, under a key that lives for this call.

        Raises:
            HsmError: KEY_NOT_EXPORTABLE, KEY_NOT_HELD, BACKEND_UNAVAILABLE or BACKEND_REFUSED.
        """
        if not key.usage.exportable:
            raise HsmError("KEY_NOT_EXPORTABLE", f"Keys for {key.usage.value} never leave.")
        transport, p11 = os.urandom(_TRANSPORT), self._p11
        template = [
            (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
            (p11.CKA_KEY_TYPE, p11.CKK_AES),
            (p11.CKA_TOKEN, p11.CK_FALSE),
            (p11.CKA_WRAP, p11.CK_TRUE),
            (p11.CKA_VALUE, transport),
        ]

        def work(session: Any, handle: Any) -> bytes:
            under = session.createObject(template)
            wrapped = session.wrapKey(under, handle, p11.Mechanism(p11.CKM_AES_KEY_WRAP, None))
            session.destroyObject(under)
            return bytes(wrapped)

        wrapped = self._custodians.use(key.key_id, ident(key), work)
        return SecretBytes(aes_key_unwrap(transport, wrapped))

    def destroy(self, key: Key) -> None:
        """Destroy a key and its parts in every token, the custodians' last."""
        for home in holders(self._callers, key.label):
            token = self._opened(home)
            token.run(lambda session: self._remove(session, key.key_id))
            token.forget()
        self._custodians.run(lambda session: self._remove(session, key.key_id))
        self._custodians.forget()

    def commit(self) -> None:
        """Do nothing: a token keeps what it is given."""

    def close(self) -> None:
        """Close all sessions."""
        for token in (*self._tokens.values(), self._custodians):
            token.close()

    def _home(self, key: Key) -> Token:
        homes = holders(self._callers, key.label)
        alone = key.algorithm.family in _PAIRS and homes
        return self._opened(homes[0]) if alone else self._custodians

    def _opened(self, caller: str) -> Token:
        label = token_label(self._house, caller)
        if label not in self._tokens:
            self._tokens[label] = Token(self._cryptoki, label, self._pin(label), writable=True)
        return self._tokens[label]

    def _pin(self, label: str) -> SecretText:
        p11 = self._p11
        template = [
            (p11.CKA_CLASS, p11.CKO_DATA),
            (p11.CKA_APPLICATION, _APPLICATION),
            (p11.CKA_LABEL, label),
        ]

        def work(session: Any) -> SecretText:
            for handle in session.findObjects(template):
                (pin,) = session.getAttributeValue(handle, [p11.CKA_VALUE])
                return SecretText(bytes(pin).decode())
            raise HsmError("TOKEN_UNKNOWN", f"The custodians know no token {label}: admit it.")

        return self._custodians.run(work)

    def _random(self, octets: int) -> bytes:
        return self._custodians.run(lambda session: bytes(session.generateRandom(octets)))

    def _require_new(self, key: Key) -> None:
        template = [(self._p11.CKA_LABEL, key.key_id)]
        if self._custodians.run(lambda session: session.findObjects(template)):
            raise HsmError("KEY_EXISTS", f"{key.key_id} exists: take the next version.")

    def _store(self, token: Token, key: Key, value: SecretBytes, *, extractable: bool) -> None:
        templates = [
            [
                *private_template(self._p11, key, part, extractable=extractable and part == WHOLE),
                *secret_of(self._p11, key, octets),
            ]
            for part, octets in parts_of(key, value).items()
        ]
        self._create(token, key.key_id, *templates)

    def _create(self, token: Token, name: str, *templates: list[tuple[int, Any]]) -> None:
        """Create a key's objects; what an attempt before this one left is removed first."""

        def work(session: Any) -> None:
            self._remove(session, name)
            for template in templates:
                session.createObject(template)

        token.run(work)
        token.forget()

    def _publish(self, key: Key, public: bytes) -> None:
        """Let every session read a pair's public half; to have it there twice does no harm."""
        template = public_template(self._p11, key, public)
        self._custodians.run(lambda session: session.createObject(template))

    def _remove(self, session: Any, name: str) -> None:
        for handle in session.findObjects([(self._p11.CKA_LABEL, name)]):
            session.destroyObject(handle)

    def _make_pair(self, session: Any, key: Key) -> bytes:
        """Make a pair and return its public half; what its CKA_ID says is known only then."""
        p11 = self._p11
        self._remove(session, key.key_id)
        mechanism, attributes, read = self._generation(key.algorithm)
        public, _ = session.generateKeyPair(
            [(p11.CKA_TOKEN, p11.CK_FALSE), (p11.CKA_PRIVATE, p11.CK_FALSE), *attributes],
            _modifiable(p11, private_template(p11, key, WHOLE, extractable=False)),
            p11.Mechanism(mechanism, None),
        )
        half = read(session, public)
        session.destroyObject(public)
        return half

    def _name(self, session: Any, key: Key) -> None:
        for handle in session.findObjects([(self._p11.CKA_LABEL, key.key_id)]):
            session.setAttributeValue(handle, [(self._p11.CKA_ID, ident(key))])

    def _generation(
        self, algorithm: Algorithm
    ) -> tuple[int, list[tuple[int, Any]], Callable[[Any, Any], bytes]]:
        """Return mechanism, attributes of the public half, and how to read that."""
        p11 = self._p11

        def modulus(session: Any, handle: Any) -> bytes:
            return bytes(session.getAttributeValue(handle, [p11.CKA_MODULUS])[0])

        def point(session: Any, handle: Any) -> bytes:
            return bytes(session.getAttributeValue(handle, [p11.CKA_EC_POINT])[0])[2:]

        match algorithm.family:
            case Family.RSA:
                exponent = EXPONENT_OCTETS[algorithm.exponent]
                size = (p11.CKA_MODULUS_BITS, algorithm.bits)
                attributes = [size, (p11.CKA_PUBLIC_EXPONENT, exponent)]
                return p11.CKM_RSA_PKCS_KEY_PAIR_GEN, attributes, modulus
            case Family.P256:
                return p11.CKM_EC_KEY_PAIR_GEN, [(p11.CKA_EC_PARAMS, P256_PARAMETERS)], point
            case _:
                kind = (p11.CKA_KEY_TYPE, p11.CKK_EC_EDWARDS)
                attributes = [kind, (p11.CKA_EC_PARAMS, ED25519_PARAMETERS)]
                return p11.CKM_EC_EDWARDS_KEY_PAIR_GEN, attributes, point


def _modifiable(p11: Any, template: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Let the attributes be set that are known only once the pair is there."""
    return [
        (name, p11.CK_TRUE if name == p11.CKA_MODIFIABLE else value) for name, value in template
    ]
