"""What the bare calls cost that a card's key work is made of: milliseconds of CPU a call.

In software they are ``cryptography``'s, which is OpenSSL's; of SoftHSM they are the binding's, on
the very keys of the tokens. What the module does in its own process is the same for both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from cardwright.hsm.points import point
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.pkcs11.backend import Pkcs11Backend
from services.keymanagement.module.pkcs11.objects import ident
from tests.support.softhsm import library

__all__ = ["in_process", "in_software", "in_tokens", "making_a_pair"]

_ISSUER_BITS = 1408
_CURVE = ec.SECP256R1()
_SECTION = 1500  # octets, about what a card's sections hold


def timed(work: Callable[[], object], calls: int = 400) -> float:
    """Return milliseconds a call."""
    began = process_time()
    for _ in range(calls):
        work()
    return (process_time() - began) / calls * 1000


def in_software() -> Mapping[str, float]:
    """Return what a backend's calls cost with the cryptographic library alone."""
    block = os.urandom(16)
    tdes, aes = TripleDES(os.urandom(24)), AES(os.urandom(16))
    ours, theirs = (ec.generate_private_key(_CURVE) for _ in range(2))
    private = rsa.generate_private_key(65537, _ISSUER_BITS)
    sealed = private.public_key().encrypt(block, PKCS1v15())

    def cmac() -> bytes:
        mac = CMAC(aes)
        mac.update(bytes(32))
        return mac.finalize()

    return {
        "tdes": timed(lambda: Cipher(tdes, modes.ECB()).encryptor().update(block)),
        "aes": timed(lambda: Cipher(aes, modes.ECB()).encryptor().update(block)),
        "cmac": timed(cmac),
        "ecdh": timed(lambda: ours.exchange(ec.ECDH(), theirs.public_key())),
        # The library has no raw RSA; to decipher is one private operation, and little more.
        "rsa": timed(lambda: private.decrypt(sealed, PKCS1v15()), 200),
    }


def in_tokens(backend_of: Callable[[str], Pkcs11Backend]) -> Mapping[str, float]:
    """Return the same with the binding's own calls, on keys that the tokens hold."""
    p11, block = library().p11, os.urandom(16)
    dataprep, encoding = backend_of("dataprep.site-1"), backend_of("encoding.site-1")
    keymanagement = backend_of("keymanagement.site-1")

    def call(backend: Pkcs11Backend, usage: Usage, work: Callable[[Any, Any], object]) -> float:
        key = next(each for each in backend.held() if each.usage is usage)
        session, handle = _session(backend, key)
        return timed(lambda: work(session, handle), 200)

    def agree(session: Any, handle: Any) -> bytes:
        derived = session.deriveKey(handle, _shared(p11), p11.ECDH1_DERIVE_Mechanism(peer))
        (value,) = session.getAttributeValue(derived, [p11.CKA_VALUE])
        session.destroyObject(derived)
        return bytes(value)

    peer = point(ec.generate_private_key(_CURVE).public_key())
    tdes, aes = (p11.Mechanism(each, None) for each in (p11.CKM_DES3_ECB, p11.CKM_AES_ECB))
    cmac, raw = (p11.Mechanism(each, None) for each in (p11.CKM_AES_CMAC, p11.CKM_RSA_X_509))
    padded = bytes(1) + os.urandom(_ISSUER_BITS // 8 - 1)
    return {
        "tdes": call(dataprep, Usage.CVK, lambda s, h: s.encrypt(h, block, tdes)),
        "aes": call(encoding, Usage.CHIP_MASTER, lambda s, h: s.encrypt(h, block, aes)),
        "cmac": call(encoding, Usage.CHIP_MASTER, lambda s, h: s.sign(h, bytes(32), cmac)),
        "ecdh": call(keymanagement, Usage.SECTION, agree),
        "rsa": call(keymanagement, Usage.ISSUER_RSA, lambda s, h: s.sign(h, padded, raw)),
    }


def in_process() -> Mapping[str, float]:
    """Return what it costs to seal and open a section, once an agreement is there."""
    shared, data_key, nonce = os.urandom(32), os.urandom(32), os.urandom(12)
    section, bound = os.urandom(_SECTION), b"context"

    def wrapping() -> bytes:
        return HKDF(SHA256(), 32, None, bound).derive(shared)

    wrapped = aes_key_wrap(wrapping(), data_key)
    sealed = AESGCM(data_key).encrypt(nonce, section, bound)
    unwrap = timed(lambda: aes_key_unwrap(wrapping(), wrapped))
    return {
        "unwrap": unwrap,
        "open": unwrap + timed(lambda: AESGCM(data_key).decrypt(nonce, sealed, bound)),
        "seal": timed(lambda: aes_key_wrap(wrapping(), data_key))
        + timed(lambda: AESGCM(data_key).encrypt(nonce, section, bound)),
    }


def making_a_pair(bits: int) -> float:
    """Return milliseconds to make one RSA pair, by the library alone; luck decides each."""
    return timed(lambda: rsa.generate_private_key(3, bits), 100)


def _session(backend: Pkcs11Backend, key: Key) -> tuple[Any, Any]:
    session = library().lib.openSession(backend._token.slot)
    p11 = library().p11
    template = [
        (p11.CKA_LABEL, key.key_id),
        (p11.CKA_ID, ident(key)),
        (p11.CKA_PRIVATE, p11.CK_TRUE),
    ]
    return session, session.findObjects(template)[0]


def _shared(p11: Any) -> list[tuple[int, Any]]:
    return [
        (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
        (p11.CKA_KEY_TYPE, p11.CKK_GENERIC_SECRET),
        (p11.CKA_TOKEN, p11.CK_FALSE),
        (p11.CKA_SENSITIVE, p11.CK_FALSE),
        (p11.CKA_EXTRACTABLE, p11.CK_TRUE),
        (p11.CKA_VALUE_LEN, 32),
    ]
