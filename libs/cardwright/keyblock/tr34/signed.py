"""SignedData by one host: RFC 5652, 5, as the sample B.9 of TR-34-2019 has it.

Nobody signs the version and the revocation lists; the latter have a signature of their own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from cardwright.emv.rsa import RsaPrivate
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.pkcs1 import sign, verifies

__all__ = ["sign_envelope", "verify_envelope"]

_SHA256: Final = der.sequence(der.SHA256)
_DIGESTS: Final = {der.SHA256, der.SHA256 + der.NULL}
_VERSIONS: Final = {b"\x01", b"\x03"}  # B.9 has 1, RFC 5652 has 3 for this content
_SIGNATURES: Final = {
    der.RSA_ENCRYPTION + der.NULL,  # as B.9 has it
    der.SHA256_WITH_RSA + der.NULL,
}


def sign_envelope(
    kdh: Party,
    key: RsaPrivate,
    envelope: bytes,
    attributes: Mapping[bytes, bytes],
    revocation_lists: Sequence[bytes],
) -> bytes:
    """Return SignedData over EnvelopedData.

    Args:
        kdh: who signs.
        key: its private key.
        envelope: EnvelopedData.
        attributes: identifiers and values to sign with it, whole objects.
        revocation_lists: CRLs to send with it.
    """
    signed = der.set_of(
        *(
            der.sequence(identifier, der.set_of(value))
            for identifier, value in {**attributes, **_own_attributes(envelope)}.items()
        )
    )
    signer = der.sequence(
        der.integer(1),
        kdh.identifier,
        _SHA256,
        der.context(der.CONTEXT_0, der.values(signed, der.SET)[0]),
        der.sequence(der.RSA_ENCRYPTION, der.NULL),
        der.octet_string(sign(key, signed)),
    )
    content = der.context(der.CONTEXT_0, der.octet_string(envelope))
    data = der.sequence(
        der.integer(1),
        der.set_of(_SHA256),
        der.sequence(der.ENVELOPED_DATA, content),
        der.context(der.CONTEXT_1, *revocation_lists) if revocation_lists else b"",
        der.set_of(signer),
    )
    return der.sequence(der.SIGNED_DATA, der.context(der.CONTEXT_0, data))


def verify_envelope(
    kdh: Party, attributes: Mapping[bytes, bytes], message: bytes
) -> tuple[bytes, tuple[bytes, ...], dict[bytes, bytes]]:
    """Return EnvelopedData, revocation lists and all signed attributes of what ``kdh`` signed.

    Args:
        kdh: who must have signed.
        attributes: those that must be signed with it, whole objects.
        message: SignedData.

    Raises:
        Tr34Error: TR34_FORMAT or TR34_FORGED.
    """
    (whole,) = der.values(message, der.SEQUENCE)
    kind, explicit = der.values(whole, der.OID, der.CONTEXT_0)
    (data,) = der.values(explicit, der.SEQUENCE)
    parts = der.objects(data)
    lists = tuple(
        crl.encode() for o in parts if o.tag == der.CONTEXT_1 for crl in der.objects(o.value)
    )
    required = [o for o in parts if o.tag not in {der.CONTEXT_0, der.CONTEXT_1}]
    version, digests, content, signers = der.values_of(
        required, der.INTEGER, der.SET, der.SEQUENCE, der.SET
    )
    inner, held = der.values(content, der.OID, der.CONTEXT_0)
    (envelope,) = der.values(held, der.OCTET_STRING)
    (signer,) = der.values(signers, der.SEQUENCE)
    signer_version, identifier, digest, signed, algorithm, signature = der.values(
        signer,
        der.INTEGER,
        der.SEQUENCE,
        der.SEQUENCE,
        der.CONTEXT_0,
        der.SEQUENCE,
        der.OCTET_STRING,
    )
    found = _attributes(signed)
    expected = {**attributes, **_own_attributes(envelope)}
    good = (
        der.context(der.OID, kind) == der.SIGNED_DATA
        and der.context(der.OID, inner) == der.ENVELOPED_DATA
        and version in _VERSIONS
        and signer_version == b"\x01"
        and {digest, *der.values(digests, der.SEQUENCE)} <= _DIGESTS
        and algorithm in _SIGNATURES
        and der.sequence(identifier) == kdh.identifier
        and all(hmac.compare_digest(found.get(name, b""), expected[name]) for name in expected)
        # The signature is over the attributes as a SET, in the order that they came in (B.9).
        and verifies(kdh.key, der.context(der.SET, signed), signature)
    )
    if not good:
        raise Tr34Error("TR34_FORGED", "The token is not what this host signed for this device")
    return envelope, lists, found


def _own_attributes(envelope: bytes) -> dict[bytes, bytes]:
    return {
        der.CONTENT_TYPE: der.ENVELOPED_DATA,
        der.MESSAGE_DIGEST: der.octet_string(hashlib.sha256(envelope).digest()),
    }


def _attributes(octets: bytes) -> dict[bytes, bytes]:
    """Return the attributes' values by their identifiers; one that comes twice is refused."""
    found: dict[bytes, bytes] = {}
    for attribute in der.objects(octets):
        name, value = der.values(attribute.value, der.OID, der.SET)
        identifier = der.context(der.OID, name)
        if identifier in found:
            raise Tr34Error("TR34_FORMAT", "A signed attribute comes once")
        found[identifier] = value
    return found
