from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from google.protobuf.json_format import Parse
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from cardwright.issuer.rows import violations
from cardwright.issuer.seal import open_issued_values
from cardwright.proto.request.v1.request_pb2 import SensitiveData

VECTOR: dict[str, Any] = json.loads(Path("tests/vectors/issuer_envelope.json").read_bytes())
DOCUMENT = Path("docs/issuers.md").read_text(encoding="utf-8")


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def private(name: str) -> ec.EllipticCurvePrivateKey:
    key = ECKey.import_key(VECTOR[name]).private_key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def test_the_jws_verifies() -> None:
    key = ECKey.import_key(VECTOR["signing_key"])
    signed = jws.deserialize_compact(VECTOR["jws"], key, algorithms=["ES256"])
    assert signed.payload.decode() == VECTOR["payload"]
    header = VECTOR["jws"].split(".")[0]
    assert header == base64url(VECTOR["jws_header"].encode())


def test_the_jwe_is_made_by_the_written_steps() -> None:
    secret = private("ephemeral_key").exchange(ec.ECDH(), private("bureau_key").public_key())
    other_info = bytes.fromhex(VECTOR["other_info"])
    key = ConcatKDFHash(SHA256(), 32, other_info).derive(secret)
    assert (secret.hex(), key.hex()) == (VECTOR["shared_secret"], VECTOR["content_key"])

    header = base64url(VECTOR["jwe_header"].encode())
    nonce = bytes.fromhex(VECTOR["iv"])
    sealed = AESGCM(key).encrypt(nonce, VECTOR["jws"].encode(), header.encode())
    parts = (header, "", base64url(nonce), base64url(sealed[:-16]), base64url(sealed[-16:]))
    assert ".".join(parts) == VECTOR["jwe"]


def test_a_jose_library_and_ours_open_it() -> None:
    key = ECKey.import_key(VECTOR["bureau_key"])
    assert jwe.decrypt_compact(VECTOR["jwe"], key).plaintext == VECTOR["jws"].encode()
    assert open_issued_values(VECTOR["jwe"], key).reveal() == VECTOR["jws"].encode()


def test_the_payload_is_a_request_in_form() -> None:
    assert violations(Parse(VECTOR["payload"], SensitiveData())) == ()


@pytest.mark.parametrize(
    "name", ["payload", "jws_header", "jwe_header", "shared_secret", "other_info", "content_key"]
)
def test_the_document_shows_this_vector(name: str) -> None:
    assert VECTOR[name] in DOCUMENT


def test_the_document_shows_the_tokens() -> None:
    text = "".join(DOCUMENT.split())
    assert VECTOR["jws"] in text
    assert VECTOR["jwe"] in text
