"""An issuer's key pairs as JSON Web Keys (RFC 7517): one signs requests, one opens outcomes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cardwright.issuer.errors import IssuerKeyError

__all__ = ["IssuerKeys", "create_keys", "load_key"]

CURVE = "P-256"
_ALGORITHM = {"sig": "ES256", "enc": "ECDH-ES"}


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """The files that ``create_keys`` wrote.

    Attributes:
        signing: private JWK that signs requests; mode 0600.
        decryption: private JWK that opens issued values; mode 0600.
        public: JWK Set with the public halves, to hand to the bureau.
    """

    signing: Path
    decryption: Path
    public: Path


def create_keys(issuer: str, folder: Path, version: int = 1) -> IssuerKeys:
    """Generate both pairs in ``folder``, with key ids ``<issuer>/sign#1`` and ``<issuer>/open#1``.

    Raises:
        IssuerKeyError: KEY_EXISTS; existing keys are never overwritten.
    """
    files = IssuerKeys(
        signing=folder / f"{issuer}.sign.jwk.json",
        decryption=folder / f"{issuer}.open.jwk.json",
        public=folder / f"{issuer}.jwks.json",
    )
    folder.mkdir(parents=True, exist_ok=True)
    sign = _generate(f"{issuer}/sign#{version}", "sig")
    decrypt = _generate(f"{issuer}/open#{version}", "enc")
    _write_new(files.signing, sign.as_dict(private=True), mode=0o600)
    _write_new(files.decryption, decrypt.as_dict(private=True), mode=0o600)
    public = [sign.as_dict(private=False), decrypt.as_dict(private=False)]
    _write_new(files.public, {"keys": public}, mode=0o644)
    return files


def load_key(path: Path) -> ECKey:
    """Read one P-256 JWK with a key id.

    Raises:
        IssuerKeyError: KEY_FILE; the file's content is not repeated.
    """
    try:
        key = ECKey.import_key(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, JoseError):
        raise IssuerKeyError(
            "KEY_FILE", f"{path.name} is not readable as a JWK; create one with `init`"
        ) from None
    if key.curve_name != CURVE or not key.kid:
        raise IssuerKeyError("KEY_FILE", f"{path.name} must be a P-256 key and have a kid")
    return key


def _generate(key_id: str, use: Literal["sig", "enc"]) -> ECKey:
    return ECKey.generate_key(
        CURVE, parameters={"kid": key_id, "use": use, "alg": _ALGORITHM[use]}, private=True
    )


def _write_new(path: Path, content: object, *, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise IssuerKeyError(
            "KEY_EXISTS", f"{path.name} exists; move it away if you mean to replace it"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
