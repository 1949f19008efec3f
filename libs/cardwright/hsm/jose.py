"""Issuers' envelopes: compact JWE (ECDH-ES on P-256, A256GCM) and JWS (ES256), RFC 7515 to 7518.

joserfc reads and writes the envelopes. A bureau's private key stays in the security module: a
batch's agreements are asked for first, and joserfc is then given a key that knows its result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, TypeAlias, cast

from joserfc import errors as jose_errors
from joserfc import jwe, jws
from joserfc.jwk import ECKey
from joserfc.util import json_b64decode

from cardwright.hsm.points import point
from cardwright.hsm.port import Agreement, HsmError, SecurityModule
from cardwright.secret import SecretBytes

__all__ = [
    "JoseError",
    "Jwk",
    "open_compact_batch",
    "seal_compact",
    "sign_compact",
    "verify_compact",
]

Jwk: TypeAlias = Mapping[str, Any]
"""A JSON Web Key as read from JSON."""

_AGREEMENT, _CONTENT, _SIGNATURE = "ECDH-ES", "A256GCM", "ES256"
_MAX_LENGTH: Final = 400_000  # of IssuanceRequest.sealed


class JoseError(Exception):
    """An envelope that does not open or verify.

    Attributes:
        code: JWE_MALFORMED, JWE_ALGORITHM, JWE_KEY (the module's refusal), JWE_CONTENT,
            JWS_MALFORMED, JWS_SIGNATURE or JWK_KEY.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _JweRegistry(jwe.JWERegistry):
    max_ciphertext_length = _MAX_LENGTH


class _JwsRegistry(jws.JWSRegistry):
    max_payload_length = _MAX_LENGTH


# Critical and unknown headers are joserfc's to refuse; "typ" and "cty" are registered there.
_JWE: Final = _JweRegistry(algorithms=[_AGREEMENT, _CONTENT])
_JWS: Final = _JwsRegistry(algorithms=[_SIGNATURE])


class _AgreedKey(ECKey):
    """Stands for a private key elsewhere: its one ECDH, with one ephemeral key, is done already."""

    shared_secret: SecretBytes

    @classmethod
    def after(cls, ephemeral: Self, shared_secret: SecretBytes) -> Self:
        """Make it of the ephemeral key, for its curve, and of what was agreed with it."""
        key = cls(ephemeral.raw_value, ephemeral.raw_value)
        key.shared_secret = shared_secret
        return key

    def exchange_derive_key(self, key: ECKey) -> bytes:
        """Return what the security module agreed on with this very ephemeral key."""
        if key.public_key != self.public_key:
            raise jose_errors.InvalidExchangeKeyError
        return self.shared_secret.reveal()


async def open_compact_batch(
    module: SecurityModule, tokens: Sequence[str]
) -> list[SecretBytes | JoseError]:
    """Open compact JWEs, in their order, by one call of the security module.

    The header's "kid" names the bureau's key, e.g. "bureau/request#1". No algorithm but ECDH-ES
    and A256GCM is taken, and no compression.

    Raises:
        HsmError: The module can't be reached, or refuses the whole batch.
    """
    results: dict[int, SecretBytes | JoseError] = {}
    ephemerals: dict[int, tuple[_AgreedKey, Agreement]] = {}
    for index, token in enumerate(tokens):
        try:
            ephemerals[index] = _agreement(token)
        except JoseError as error:
            results[index] = error
    agreed = await module.agree([item for _, item in ephemerals.values()]) if ephemerals else []
    for (index, (ephemeral, _)), secret in zip(ephemerals.items(), agreed, strict=True):
        try:
            results[index] = _open(tokens[index], ephemeral, secret)
        except JoseError as error:
            results[index] = error
    return [results[index] for index in range(len(tokens))]


def seal_compact(public_jwk: Jwk, payload: bytes, headers: Mapping[str, str] | None = None) -> str:
    """Seal a payload to a P-256 public key as compact JWE; `headers` adds e.g. "kid" and "cty".

    Raises:
        JoseError: JWK_KEY.
    """
    key = _import(public_jwk)
    protected = {**(headers or {}), "alg": _AGREEMENT, "enc": _CONTENT}
    return jwe.encrypt_compact(protected, payload, key, registry=_JWE)


def sign_compact(private_jwk: Jwk, payload: bytes, headers: Mapping[str, str] | None = None) -> str:
    """Sign a payload by ES256 as compact JWS: what issuers do, so for examples and tests.

    Raises:
        JoseError: JWK_KEY.
    """
    protected = {**(headers or {}), "alg": _SIGNATURE}
    return jws.serialize_compact(protected, payload, _import(private_jwk), registry=_JWS)


def verify_compact(public_jwk: Jwk, token: str | bytes) -> bytes:
    """Verify a compact JWS by ES256 and return its payload.

    Raises:
        JoseError: JWK_KEY, JWS_MALFORMED or JWS_SIGNATURE.
    """
    key = _import(public_jwk)
    try:
        return jws.deserialize_compact(token, key, registry=_JWS).payload
    except jose_errors.BadSignatureError:
        raise JoseError("JWS_SIGNATURE", "The signature is not by the issuer's key.") from None
    except (jose_errors.JoseError, ValueError, TypeError):
        raise JoseError(
            "JWS_MALFORMED", "This is no compact JWS by ES256: see issuers.md."
        ) from None


def _agreement(token: str) -> tuple[_AgreedKey, Agreement]:
    """Read what to ask the module for from the header."""
    try:
        header = json_b64decode(token.partition(".")[0].encode())
        algorithms = (header["alg"], header["enc"])
        key_id = header["kid"]
        ephemeral = _AgreedKey.import_key(header["epk"])
        curve = ephemeral.curve_name
    except (jose_errors.JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise _malformed() from None
    if algorithms != (_AGREEMENT, _CONTENT) or curve != "P-256" or "zip" in header:
        raise JoseError(
            "JWE_ALGORITHM",
            f"Only {_AGREEMENT} on P-256 with {_CONTENT}, without compression, is taken.",
        )
    if not isinstance(key_id, str):
        raise _malformed()
    return ephemeral, Agreement(key_id, point(ephemeral.public_key))


def _open(token: str, ephemeral: _AgreedKey, secret: SecretBytes | HsmError) -> SecretBytes:
    if isinstance(secret, HsmError):
        raise JoseError("JWE_KEY", f"The key of this JWE can't be used ({secret.code}).")
    key = _AgreedKey.after(ephemeral, secret)
    try:
        opened = jwe.decrypt_compact(token, key, registry=_JWE)
    except (jose_errors.JoseError, ValueError):
        raise JoseError(
            "JWE_CONTENT", "The JWE does not open: it was changed, or sealed to another key."
        ) from None
    return SecretBytes(cast("bytes", opened.plaintext))


def _import(jwk: Jwk) -> ECKey:
    try:
        key = ECKey.import_key(dict(jwk))
        curve = key.curve_name
    except (jose_errors.JoseError, ValueError, KeyError, TypeError):
        raise JoseError("JWK_KEY", "This is no EC key in JWK form: see issuers.md.") from None
    if curve != "P-256":
        raise JoseError("JWK_KEY", f"The key is on {curve}; P-256 is needed.")
    return key


def _malformed() -> JoseError:
    return JoseError(
        "JWE_MALFORMED", "This is no compact JWE with alg, enc, kid and epk: see issuers.md."
    )
