"""Trials of mechanisms: on keys that live for one session, against what software computes."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from nacl.signing import SigningKey

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.emv.rsa import generate_rsa
from cardwright.hsm.points import point
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.pkcs11.objects import (
    ED25519_PARAMETERS,
    EXPONENT_OCTETS,
    P256_PARAMETERS,
    WHOLE,
    parts_of,
    private_template,
    secret_of,
)
from services.keymanagement.module.values import CURVE, ec_private, make, rsa_value

__all__ = ["TRIALS", "Mismatch", "Trial"]

_TDES: Final = tuple(Algorithm(Family.TDES, bits) for bits in (112, 168))
_AES: Final = tuple(Algorithm(Family.AES, bits) for bits in (128, 192, 256))
_RSA: Final = tuple(
    Algorithm(Family.RSA, bits, exponent)
    for bits in (1024, 1152, 1408, 1984)
    for exponent in (3, 65537)
)
_BLOCKS: Final = 48


class Mismatch(Exception):  # noqa: N818  # it is a finding, not an error of ours
    """The library's result is not what the standard says; the text says of which key."""


class Trial:
    """A session in which keys may be tried.

    Args:
        p11: the binding.
        session: logged in.
    """

    def __init__(self, p11: Any, session: Any) -> None:
        self.p11, self.session = p11, session

    def key(self, usage: Usage, algorithm: Algorithm, value: SecretBytes, part: str = WHOLE) -> Any:
        """Create a key for this session, and return its handle."""
        key = Key("probe", 1, usage, algorithm, bytes(3))
        template = private_template(self.p11, key, part, extractable=True, lasting=False)
        return self.session.createObject([*template, *secret_of(self.p11, key, value)])

    def mechanism(self, name: str, parameter: bytes | None = None) -> Any:
        """Return a mechanism by its name."""
        return self.p11.Mechanism(getattr(self.p11, name), parameter)

    def expect(self, what: object, found: Any, expected: bytes) -> None:
        """Compare a result.

        Raises:
            Mismatch: it is another.
        """
        if bytes(found) != expected:
            raise Mismatch(f"another result with {what}")


def _ciphers(mechanism: str, algorithms: tuple[Algorithm, ...], trial: Trial) -> None:
    """Try a mode with every size of key, and with the parts of triple DES keys."""
    usage = Usage.KEY_ENCRYPTION
    for algorithm in algorithms:
        value = make(usage, algorithm)
        key = Key("probe", 1, usage, algorithm, bytes(3))
        for part, octets in parts_of(key, value).items():
            handle = trial.key(usage, algorithm, octets, part)
            clear = _clear(algorithm, octets)
            _mode(mechanism, trial, handle, clear, f"{algorithm} {part}".strip())


def _mode(mechanism: str, trial: Trial, handle: Any, clear: BlockCipher, what: str) -> None:
    blocks = secrets.token_bytes(_BLOCKS)
    if mechanism.endswith("CMAC"):
        found = trial.session.sign(handle, blocks[1:], trial.mechanism(mechanism))
        trial.expect(what, found, clear.cmac(blocks[1:]))
        return
    chained = mechanism.endswith("CBC")
    iv = secrets.token_bytes(clear.block)
    encrypted = clear.encrypt_cbc(blocks, iv) if chained else clear.encrypt(blocks)
    name = trial.mechanism(mechanism, iv if chained else None)
    trial.expect(what, trial.session.encrypt(handle, blocks, name), encrypted)
    trial.expect(what, trial.session.decrypt(handle, encrypted, name), blocks)


def _hmac(trial: Trial) -> None:
    value = make(Usage.DIGEST, Algorithm(Family.HMAC))
    handle = trial.key(Usage.DIGEST, Algorithm(Family.HMAC), value)
    found = trial.session.sign(handle, b"probe", trial.mechanism("CKM_SHA256_HMAC"))
    trial.expect("HMAC", found, hmac.digest(value.reveal(), b"probe", "sha256"))


def _agree(trial: Trial) -> None:
    p11, algorithm = trial.p11, Algorithm(Family.P256)
    value, peer = make(Usage.SECTION, algorithm), ec.generate_private_key(CURVE)
    template = [
        (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
        (p11.CKA_KEY_TYPE, p11.CKK_GENERIC_SECRET),
        (p11.CKA_TOKEN, p11.CK_FALSE),
        (p11.CKA_SENSITIVE, p11.CK_FALSE),
        (p11.CKA_EXTRACTABLE, p11.CK_TRUE),
        (p11.CKA_VALUE_LEN, 32),
    ]
    handle = trial.key(Usage.SECTION, algorithm, value)
    mechanism = p11.ECDH1_DERIVE_Mechanism(point(peer.public_key()))
    derived = trial.session.deriveKey(handle, template, mechanism)
    (found,) = trial.session.getAttributeValue(derived, [p11.CKA_VALUE])
    if found is None:
        raise Mismatch("a derived secret that can't be read")
    trial.expect("P-256", found, ec_private(value).exchange(ec.ECDH(), peer.public_key()))


def _sign(trial: Trial) -> None:
    algorithm = Algorithm(Family.ED25519)
    value = make(Usage.SIGN, algorithm)
    handle = trial.key(Usage.SIGN, algorithm, value)
    found = trial.session.sign(handle, b"probe", trial.mechanism("CKM_EDDSA"))
    trial.expect("Ed25519", found, SigningKey(value.reveal()).sign(b"probe").signature)


def _raw_rsa(trial: Trial) -> None:
    for algorithm in _RSA:
        clear = generate_rsa(algorithm.bits, algorithm.exponent)
        handle = trial.key(Usage.CA_RSA, algorithm, rsa_value(clear))
        block = bytes(1) + secrets.token_bytes(algorithm.bits // 8 - 1)
        found = trial.session.sign(handle, block, trial.mechanism("CKM_RSA_X_509"))
        trial.expect(algorithm, found, clear.apply(block))


def _pair(trial: Trial, mechanism: str, usage: Usage, algorithm: Algorithm, *extra: Any) -> Any:
    """Make a pair for this session; returns the handles of its halves."""
    p11 = trial.p11
    key = Key("probe", 1, usage, algorithm, bytes(3))
    public = [(p11.CKA_TOKEN, p11.CK_FALSE), (p11.CKA_PRIVATE, p11.CK_FALSE), *extra]
    private = private_template(p11, key, WHOLE, extractable=False, lasting=False)
    return trial.session.generateKeyPair(public, private, trial.mechanism(mechanism))


def _make_p256(trial: Trial) -> None:
    parameters = (trial.p11.CKA_EC_PARAMS, P256_PARAMETERS)
    _pair(trial, "CKM_EC_KEY_PAIR_GEN", Usage.SECTION, Algorithm(Family.P256), parameters)


def _make_ed25519(trial: Trial) -> None:
    p11 = trial.p11
    public, private = _pair(
        trial,
        "CKM_EC_EDWARDS_KEY_PAIR_GEN",
        Usage.SIGN,
        Algorithm(Family.ED25519),
        (p11.CKA_KEY_TYPE, p11.CKK_EC_EDWARDS),
        (p11.CKA_EC_PARAMS, ED25519_PARAMETERS),
    )
    (half,) = trial.session.getAttributeValue(public, [p11.CKA_EC_POINT])
    signature = bytes(trial.session.sign(private, b"probe", trial.mechanism("CKM_EDDSA")))
    try:
        Ed25519PublicKey.from_public_bytes(bytes(half)[2:]).verify(signature, b"probe")
    except (InvalidSignature, ValueError):
        raise Mismatch("another result with a pair made inside") from None


def _make_rsa(trial: Trial) -> None:
    p11 = trial.p11
    for algorithm in _RSA[2:]:
        size = (p11.CKA_MODULUS_BITS, algorithm.bits)
        exponent = (p11.CKA_PUBLIC_EXPONENT, EXPONENT_OCTETS[algorithm.exponent])
        _pair(trial, "CKM_RSA_PKCS_KEY_PAIR_GEN", Usage.ISSUER_RSA, algorithm, size, exponent)


def _wrap(trial: Trial) -> None:
    p11, transport = trial.p11, secrets.token_bytes(32)
    under = trial.session.createObject(
        [
            (p11.CKA_CLASS, p11.CKO_SECRET_KEY),
            (p11.CKA_KEY_TYPE, p11.CKK_AES),
            (p11.CKA_TOKEN, p11.CK_FALSE),
            (p11.CKA_WRAP, p11.CK_TRUE),
            (p11.CKA_VALUE, transport),
        ]
    )
    for algorithm in (*_TDES, *_AES):
        value = make(Usage.KEY_ENCRYPTION, algorithm)
        handle = trial.key(Usage.KEY_ENCRYPTION, algorithm, value)
        wrapped = trial.session.wrapKey(under, handle, trial.mechanism("CKM_AES_KEY_WRAP"))
        try:
            trial.expect(algorithm, aes_key_unwrap(transport, bytes(wrapped)), value.reveal())
        except InvalidUnwrap:
            raise Mismatch(f"another result with {algorithm}") from None


def _clear(algorithm: Algorithm, value: SecretBytes) -> BlockCipher:
    return ClearAes(value) if algorithm.family is Family.AES else ClearTdes(value)


def _of(mechanism: str, algorithms: tuple[Algorithm, ...]) -> Callable[[Trial], None]:
    return lambda trial: _ciphers(mechanism, algorithms, trial)


TRIALS: Final[Mapping[str, Callable[[Trial], None]]] = {
    **{f"CKM_DES3_{mode}": _of(f"CKM_DES3_{mode}", _TDES) for mode in ("ECB", "CBC", "CMAC")},
    **{f"CKM_AES_{mode}": _of(f"CKM_AES_{mode}", _AES) for mode in ("ECB", "CBC", "CMAC")},
    "CKM_SHA256_HMAC": _hmac,
    "CKM_ECDH1_DERIVE": _agree,
    "CKM_EDDSA": _sign,
    "CKM_RSA_X_509": _raw_rsa,
    "CKM_EC_KEY_PAIR_GEN": _make_p256,
    "CKM_EC_EDWARDS_KEY_PAIR_GEN": _make_ed25519,
    "CKM_RSA_PKCS_KEY_PAIR_GEN": _make_rsa,
    "CKM_AES_KEY_WRAP": _wrap,
}
"""A trial for each mechanism that is needed."""
