from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from google.protobuf.json_format import Parse
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from cardwright.issuer.errors import IssuerKeyError
from cardwright.issuer.seal import encrypt, open_issued_values, seal
from cardwright.proto.request.v1.request_pb2 import Cardholder, SensitiveData

DATA = SensitiveData(
    issuer="aurora-bank",
    request_id="AUR-00001-AA",
    cardholder=Cardholder(surname="Sample", given_names="Ada"),
    photo=bytes(range(256)),
)


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_by_hand(token: str, key: ECKey) -> bytes:
    """RFC 7516 5.2 and RFC 7518 4.6, written out: no JOSE library."""
    protected, encrypted_key, nonce, ciphertext, tag = token.split(".")
    assert encrypted_key == ""
    epk = json.loads(unpadded(protected))["epk"]
    point = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unpadded(epk["x"])), int.from_bytes(unpadded(epk["y"])), ec.SECP256R1()
    ).public_key()
    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    other_info = b"\0\0\0\x07A256GCM" + bytes(4) + bytes(4) + (256).to_bytes(4)
    secret = private.exchange(ec.ECDH(), point)
    content_key = ConcatKDFHash(SHA256(), 32, other_info).derive(secret)
    return AESGCM(content_key).decrypt(
        unpadded(nonce), unpadded(ciphertext) + unpadded(tag), protected.encode()
    )


def test_the_bureau_opens_and_verifies(issuer_key: ECKey, bureau_key: ECKey) -> None:
    opened = jwe.decrypt_compact(seal(DATA, issuer_key, bureau_key), bureau_key)
    signed = jws.deserialize_compact(opened.plaintext or b"", issuer_key)
    assert Parse(signed.payload, SensitiveData()) == DATA


def test_it_opens_by_the_standards_alone(issuer_key: ECKey, bureau_key: ECKey) -> None:
    token = open_by_hand(seal(DATA, issuer_key, bureau_key), bureau_key).decode()
    assert Parse(unpadded(token.split(".")[1]), SensitiveData()) == DATA


def test_headers_are_as_documented(issuer_key: ECKey, bureau_key: ECKey) -> None:
    token = seal(DATA, issuer_key, bureau_key)
    header = json.loads(unpadded(token.split(".")[0]))
    assert set(header.pop("epk")) == {"kty", "crv", "x", "y"}
    assert header == {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "kid": "bureau/request#1",
        "cty": "JOSE",
    }
    inner = open_by_hand(token, bureau_key).decode()
    assert json.loads(unpadded(inner.split(".")[0])) == {
        "alg": "ES256",
        "kid": "aurora-bank/sign#1",
        "cty": "json",
    }


def test_the_same_data_is_never_sealed_alike(issuer_key: ECKey, bureau_key: ECKey) -> None:
    assert seal(DATA, issuer_key, bureau_key) != seal(DATA, issuer_key, bureau_key)


def test_issued_values_open_for_the_issuer_alone(issuer_key: ECKey, bureau_key: ECKey) -> None:
    token = encrypt('{"expiry":"4912"}', issuer_key)
    assert open_issued_values(token, issuer_key).reveal() == b'{"expiry":"4912"}'
    with pytest.raises(IssuerKeyError) as caught:
        open_issued_values(token, bureau_key)
    assert caught.value.code == "ENVELOPE_MALFORMED"


@pytest.mark.parametrize("token", ["", "a.b.c.d.e", "....", "not a token"])
def test_what_is_no_jwe_is_told_by_code(token: str, issuer_key: ECKey) -> None:
    with pytest.raises(IssuerKeyError) as caught:
        open_issued_values(token, issuer_key)
    assert caught.value.code == "ENVELOPE_MALFORMED"
