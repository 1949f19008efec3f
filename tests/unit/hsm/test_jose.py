from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from joserfc.jwk import ECKey

from cardwright.hsm.jose import (
    JoseError,
    Jwk,
    open_compact_batch,
    seal_compact,
    sign_compact,
    verify_compact,
)
from cardwright.hsm.port import Agreement, HsmError, SecurityModule
from cardwright.secret import SecretBytes

KID = "bureau/request#1"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC: Jwk = dict(ECKey.import_key(PRIVATE.public_key()).as_dict())
ISSUER: Jwk = dict(ECKey.generate_key("P-256").as_dict(private=True))


class AgreeingModule:
    """The one verb that opening needs, over a key that the code under test never sees."""

    def __init__(self) -> None:
        self.calls = 0

    async def agree(self, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        self.calls += 1
        return [self._agree(item) for item in items]

    def _agree(self, item: Agreement) -> SecretBytes | HsmError:
        if item.key_id != KID:
            return HsmError("KEY_UNKNOWN", "no such key")
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), item.public_key)
        return SecretBytes(PRIVATE.exchange(ec.ECDH(), peer))


async def opened(*tokens: str) -> list[SecretBytes | JoseError]:
    return await open_compact_batch(cast("SecurityModule", AgreeingModule()), tokens)


async def code(token: str) -> str:
    (result,) = await opened(token)
    assert isinstance(result, JoseError)
    return result.code


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def lv(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def sealed_by_hand(payload: bytes, **changes: Any) -> str:
    """Compact JWE from the words of RFC 7516 and RFC 7518, 4.6, without joserfc."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    epk = ECKey.import_key(ephemeral.public_key()).as_dict()
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": KID, "epk": epk, "apu": b64(b"issuer")}
    header.update(changes)
    other_info = lv(b"A256GCM") + lv(b"issuer") + lv(b"") + (256).to_bytes(4, "big")
    shared = ephemeral.exchange(ec.ECDH(), PRIVATE.public_key())
    key = ConcatKDFHash(SHA256(), 32, other_info).derive(shared)
    protected = b64(json.dumps({k: v for k, v in header.items() if v is not None}).encode())
    nonce = os.urandom(12)
    content = AESGCM(key).encrypt(nonce, payload, protected.encode())
    return ".".join((protected, "", b64(nonce), b64(content[:-16]), b64(content[-16:])))


async def test_opens_what_another_implementation_sealed() -> None:
    assert await opened(sealed_by_hand(b"payload")) == [SecretBytes(b"payload")]


async def test_a_batch_is_one_call_and_keeps_its_order() -> None:
    module = AgreeingModule()
    tokens = [seal_compact(PUBLIC, bytes([n]) * 5, {"kid": KID}) for n in range(4)]
    tokens[1] = "garbage"
    results = await open_compact_batch(cast("SecurityModule", module), tokens)
    assert module.calls == 1
    assert isinstance(results[1], JoseError)
    assert [results[n] for n in (0, 2, 3)] == [SecretBytes(bytes([n]) * 5) for n in (0, 2, 3)]


async def test_a_batch_of_garbage_asks_for_nothing() -> None:
    module = AgreeingModule()
    assert await open_compact_batch(cast("SecurityModule", module), []) == []
    (result,) = await open_compact_batch(cast("SecurityModule", module), ["garbage"])
    assert isinstance(result, JoseError)
    assert module.calls == 0


async def test_a_request_with_a_portrait_fits() -> None:
    inner = sign_compact(ISSUER, os.urandom(220_000))
    (result,) = await opened(seal_compact(PUBLIC, inner.encode(), {"kid": KID, "cty": "JWS"}))
    assert isinstance(result, SecretBytes)
    assert len(verify_compact(ISSUER, result.reveal())) == 220_000


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"alg": "ECDH-ES+A256KW"}, "JWE_ALGORITHM"),
        ({"enc": "A128GCM"}, "JWE_ALGORITHM"),
        ({"zip": "DEF"}, "JWE_ALGORITHM"),
        ({"epk": ECKey.generate_key("P-384").as_dict(private=False)}, "JWE_ALGORITHM"),
        ({"kid": "bureau/request#9"}, "JWE_KEY"),
        ({"kid": None}, "JWE_MALFORMED"),
        ({"kid": 1}, "JWE_MALFORMED"),
        ({"epk": None}, "JWE_MALFORMED"),
        ({"epk": "x"}, "JWE_MALFORMED"),
        ({"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, "JWE_MALFORMED"),
        ({"apu": b64(b"another")}, "JWE_CONTENT"),
        ({"crit": ["exp"], "exp": 1}, "JWE_CONTENT"),
        ({"epk": ECKey.generate_key("P-256").as_dict(private=False)}, "JWE_CONTENT"),
    ],
)
async def test_what_is_not_as_agreed_is_refused(changes: dict[str, Any], expected: str) -> None:
    assert await code(sealed_by_hand(b"payload", **changes)) == expected


@pytest.mark.parametrize("part", [0, 2, 3, 4])
async def test_no_part_can_be_changed(part: int) -> None:
    parts = sealed_by_hand(b"payload").split(".")
    other = sealed_by_hand(b"payl0ad").split(".")
    parts[part] = other[part]
    assert await code(".".join(parts)) == "JWE_CONTENT"


@pytest.mark.parametrize("token", ["", ".", "....", "a.b.c.d.e", "é.....", b64(b"[]") + "...."])
async def test_garbage_is_malformed(token: str) -> None:
    assert await code(token) == "JWE_MALFORMED"


async def test_a_truncated_envelope_does_not_open() -> None:
    token = sealed_by_hand(b"payload")
    assert await code(token.rpartition(".")[0]) == "JWE_CONTENT"
    assert await code(token + ".more") == "JWE_CONTENT"


def test_a_signature_is_its_issuers_alone() -> None:
    token = sign_compact(ISSUER, b"payload", {"kid": "aurora-bank/2026"})
    assert verify_compact(ISSUER, token) == b"payload"
    another: Jwk = dict(ECKey.generate_key("P-256").as_dict())
    with pytest.raises(JoseError) as caught:
        verify_compact(another, token)
    assert caught.value.code == "JWS_SIGNATURE"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        b64(b'{"alg":"none"}') + "." + b64(b"payload") + ".",
        b64(b'{"alg":"HS256"}') + "." + b64(b"payload") + "." + b64(bytes(32)),
    ],
)
def test_an_unsigned_payload_is_refused(token: str) -> None:
    with pytest.raises(JoseError) as caught:
        verify_compact(ISSUER, token)
    assert caught.value.code == "JWS_MALFORMED"


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "oct", "k": "AA"},
        dict(ECKey.generate_key("P-384").as_dict()),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    ],
)
def test_a_key_that_is_none_is_refused(jwk: Jwk) -> None:
    for use in (lambda: verify_compact(jwk, "a.b.c"), lambda: seal_compact(jwk, b"x")):
        with pytest.raises(JoseError) as caught:
            use()
        assert caught.value.code == "JWK_KEY"
