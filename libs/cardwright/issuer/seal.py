"""The envelope: a compact JWS (RFC 7515) inside a compact JWE (RFC 7516), after RFC 7518.

Signed first, so that the signature is sealed with what it signs, and then encrypted to the bureau:
``JWE(ECDH-ES, A256GCM, JWS(ES256, SensitiveData as JSON))``. The sensitive part repeats issuer and
request id, so it can't be moved to another request.
"""

from __future__ import annotations

from google.protobuf.json_format import MessageToJson
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cardwright.issuer.errors import IssuerKeyError
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.secret import SecretBytes

__all__ = ["encrypt", "open_issued_values", "seal", "sign"]

_SEALING = ["ECDH-ES", "A256GCM"]
_SIGNING = ["ES256"]


def seal(data: SensitiveData, signing_key: ECKey, bureau_key: ECKey) -> str:
    """Return ``IssuanceRequest.sealed``.

    Args:
        data: what only the bureau may read.
        signing_key: the issuer's private P-256 key with its registered ``kid``.
        bureau_key: the bureau's public P-256 key; its ``kid`` tells the bureau which private key
            opens the envelope.
    """
    return encrypt(sign(MessageToJson(data, indent=None).encode(), signing_key), bureau_key)


def sign(payload: bytes, signing_key: ECKey) -> str:
    """Return the compact JWS with headers ``alg``, ``kid`` and ``cty``."""
    header = {"alg": "ES256", "kid": signing_key.kid, "cty": "json"}
    return jws.serialize_compact(header, payload, signing_key, algorithms=_SIGNING)


def encrypt(token: str, bureau_key: ECKey) -> str:
    """Return the compact JWE; the ephemeral key ``epk`` is new each time."""
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": bureau_key.kid, "cty": "JOSE"}
    return jwe.encrypt_compact(header, token.encode(), bureau_key, algorithms=_SEALING)


def open_issued_values(token: str, decryption_key: ECKey) -> SecretBytes:
    """Open ``Outcome.issued_values``: JSON with the values that the bureau allocated.

    Raises:
        IssuerKeyError: ENVELOPE_MALFORMED when it does not open with this key.
    """
    try:
        opened = jwe.decrypt_compact(token, decryption_key, algorithms=_SEALING)
    except (JoseError, ValueError):
        raise IssuerKeyError(
            "ENVELOPE_MALFORMED", "The issued values don't open; was the key replaced?"
        ) from None
    return SecretBytes(opened.plaintext or b"")
