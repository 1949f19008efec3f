"""X.509 certificates (RFC 5280) of signing keys, so that any program can tell who signed.

The bureau's identity authority is a key of the module's, Ed25519 (RFC 8410). The library builds
certificates with keys in clear alone, so the outer structure is put together here, and signed by
handle.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

__all__ = ["Identity", "issue_identity"]

_ORGANIZATION: Final = "Cardwright bureau"
_AUTHORITY: Final = "Cardwright identity authority"
_ED25519: Final = bytes.fromhex("300506032B6570")  # AlgorithmIdentifier 1.3.101.112
_SEQUENCE, _INTEGER, _BIT_STRING, _OCTET_STRING = 0x30, 0x02, 0x03, 0x04
_OBJECT_IDENTIFIER, _GENERALIZED_TIME, _UTC_TIME, _EXTENSIONS = 0x06, 0x18, 0x17, 0xA3
_VERSION_3: Final = bytes.fromhex("A003020102")
_CRITICAL: Final = bytes.fromhex("0101FF")
_SERIAL_OCTETS: Final = 16
_LAST_UTC_YEAR: Final = 2049  # RFC 5280, 4.1.2.5


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose certificate it is to be.

    Attributes:
        name: e.g. "printing.site-1"; of the authority itself None.
        public: 32 octets of Ed25519.
        begins: not valid before.
        ends: not valid after.
    """

    name: str | None
    public: bytes
    begins: dt.datetime
    ends: dt.datetime


def issue_identity(
    identity: Identity, authority: bytes, sign: Callable[[bytes], bytes]
) -> x509.Certificate:
    """Issue a certificate.

    Args:
        identity: whose.
        authority: the authority's public key; the same as the identity's for its own certificate.
        sign: signs by the authority's key.
    """
    to_be_signed = _encode(
        _SEQUENCE,
        _VERSION_3,
        _encode(_INTEGER, b"\x01" + secrets.token_bytes(_SERIAL_OCTETS - 1)),
        _ED25519,
        _name(None),
        _encode(_SEQUENCE, _time(identity.begins), _time(identity.ends)),
        _name(identity.name),
        _key_info(identity.public),
        _encode(
            _EXTENSIONS, _encode(_SEQUENCE, *map(_extension, _extensions(identity, authority)))
        ),
    )
    signature = _encode(_BIT_STRING, b"\0" + sign(to_be_signed))
    return x509.load_der_x509_certificate(_encode(_SEQUENCE, to_be_signed, _ED25519, signature))


def _extensions(identity: Identity, authority: bytes) -> Sequence[tuple[x509.ExtensionType, bool]]:
    is_authority = identity.name is None
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        (x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier(_key_identifier(identity.public)), False),
        (x509.AuthorityKeyIdentifier(_key_identifier(authority), None, None), False),
    )


def _extension(extension: tuple[x509.ExtensionType, bool]) -> bytes:
    value, critical = extension
    # All of these have an identifier 2.5.29.n, whose coding is 55 1D n.
    number = int(value.oid.dotted_string.rpartition(".")[2])
    return _encode(
        _SEQUENCE,
        _encode(_OBJECT_IDENTIFIER, bytes((0x55, 0x1D, number))),
        _CRITICAL if critical else b"",
        _encode(_OCTET_STRING, value.public_bytes()),
    )


def _key_identifier(public: bytes) -> bytes:
    """RFC 7093, method 1."""
    return sha256(public).digest()[:20]


def _key_info(public: bytes) -> bytes:
    key = Ed25519PublicKey.from_public_bytes(public)
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _name(common_name: str | None) -> bytes:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name or _AUTHORITY),
        ]
    ).public_bytes()


def _time(moment: dt.datetime) -> bytes:
    text = moment.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ")
    if moment.year <= _LAST_UTC_YEAR:
        return _encode(_UTC_TIME, text[2:].encode())
    return _encode(_GENERALIZED_TIME, text.encode())


def _encode(tag: int, *parts: bytes) -> bytes:
    """Encode a value by the distinguished encoding rules (X.690, 10)."""
    value = b"".join(parts)
    length = len(value)
    if length < 0x80:
        return bytes((tag, length)) + value
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + value
