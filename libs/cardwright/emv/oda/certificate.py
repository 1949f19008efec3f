"""A public key certified by a longer one: what EMV Book 2's three certificates have in common.

The signed message is the subject's own fields, the algorithms, the key's lengths, the modulus (or
as much of it as the block holds, or BB to fill the block), the modulus's remainder, the exponent
and, for a card's key, its static data (clauses 5.1, 6.1, 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cardwright.emv.oda import signature
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.rsa import RsaError, RsaPrivate, RsaPublic

__all__ = [
    "ICC_TAGS",
    "ISSUER_TAGS",
    "LEAST_LENGTH",
    "MOST_LENGTH",
    "PIN_TAGS",
    "CertificateTags",
    "KeyCertificate",
    "certify",
    "key_message",
    "planned_lengths",
    "recover",
]

LEAST_LENGTH = 96
"""Octets of the shortest modulus that we certify, 768 bits: what issuers still put into tests."""

MOST_LENGTH = 248
"""Octets of the longest modulus that EMV has, 1984 bits."""

_ALGORITHMS = b"\x01\x01"  # SHA-1, RSA
_KEY_FIELDS = 4  # algorithms, modulus length, exponent length


class CertificateTags(NamedTuple):
    """Where a card keeps the three parts of a certificate."""

    certificate: int
    remainder: int
    exponent: int


ISSUER_TAGS = CertificateTags(0x90, 0x92, 0x9F32)
ICC_TAGS = CertificateTags(0x9F46, 0x9F48, 0x9F47)
PIN_TAGS = CertificateTags(0x9F2D, 0x9F2F, 0x9F2E)


@dataclass(frozen=True, slots=True)
class KeyCertificate:
    """A certificate's parts; the first does not print, as it gives back a card's account number.

    Attributes:
        certificate: as long as the signer's modulus.
        remainder: of the certified modulus, often empty.
        exponent: of the certified key, one octet or three.
    """

    certificate: bytes = field(repr=False)
    remainder: bytes
    exponent: bytes

    def objects(self, tags: CertificateTags) -> tuple[tuple[int, bytes], ...]:
        """Return (tag, value) pairs for a card's records; an empty remainder has none."""
        pairs = zip(tags, (self.certificate, self.remainder, self.exponent), strict=True)
        return tuple((tag, value) for tag, value in pairs if value)


def certify(
    signer: RsaPrivate, subject: bytes, key: RsaPublic, static_data: bytes = b""
) -> KeyCertificate:
    """Sign a key.

    Args:
        signer: the authority's or issuer's key.
        subject: certificate format, identifier, expiry and serial number.
        key: to be certified, no longer than the signer's.
        static_data: what else is signed with it.

    Raises:
        OdaError: KEY_LENGTH for a key that is longer than the signer's or not 768 to 1984 bits.
    """
    if not LEAST_LENGTH <= key.length <= min(MOST_LENGTH, len(signer.modulus)):
        raise OdaError(
            "KEY_LENGTH", "A certified modulus has 768 to 1984 bits, and its signer's at most"
        )
    room = _room(len(signer.modulus), len(subject))
    message = key_message(subject, key, room) + static_data
    return KeyCertificate(signature.sign(signer, message), key.modulus[room:], key.exponent_octets)


def recover(
    signer: RsaPublic, certificate: KeyCertificate, subject_length: int, static_data: bytes = b""
) -> tuple[bytes, RsaPublic]:
    """Verify a certificate and return its subject's fields and its key.

    Raises:
        OdaError: SIGNATURE_* as ``signature.recover``, CERTIFICATE_FORMAT when algorithms, lengths
            or padding are not as EMV has them.
    """
    rest = certificate.remainder + certificate.exponent + static_data
    message = signature.recover(signer, certificate.certificate, rest)
    room = _room(signer.length, subject_length)
    subject, fields = message[:subject_length], message[subject_length:]
    if room < 0:
        raise _malformed()
    modulus = fields[_KEY_FIELDS:][: fields[2]] + certificate.remainder
    try:
        key = RsaPublic(modulus, int.from_bytes(certificate.exponent, "big"))
    except RsaError:
        raise _malformed() from None
    if key.length > min(MOST_LENGTH, signer.length) or certificate.exponent != key.exponent_octets:
        raise _malformed()
    # What we would write of this key must be what was written: algorithms, lengths, padding.
    if not key_message(subject, key, room).startswith(message):
        raise _malformed()
    return subject, key


def planned_lengths(
    tags: CertificateTags, signer_length: int, key_length: int, exponent: int
) -> tuple[tuple[int, int], ...]:
    """Return (tag, octets) of a certificate to come, as ``KeyCertificate.objects`` will have them.

    Args:
        tags: which certificate.
        signer_length: octets of the signer's modulus.
        key_length: octets of the certified modulus.
        exponent: of the certified key, 3 or 65537.
    """
    overhead = 36 if tags is ISSUER_TAGS else 42
    remainder = max(0, key_length - (signer_length - overhead))
    lengths = (signer_length, remainder, 1 if exponent == 3 else 3)
    return tuple((tag, length) for tag, length in zip(tags, lengths, strict=True) if length)


def key_message(subject: bytes, key: RsaPublic, room: int) -> bytes:
    """Return what is signed of a key where the block has ``room`` octets for its modulus."""
    return b"%b%b%c%c%b%b" % (
        subject,
        _ALGORITHMS,
        key.length,
        len(key.exponent_octets),
        key.modulus.ljust(room, b"\xbb"),
        key.exponent_octets,
    )


def _room(signer_length: int, subject_length: int) -> int:
    """Octets of the certified modulus that fit into the signer's block."""
    return signer_length - signature.OVERHEAD - subject_length - _KEY_FIELDS


def _malformed() -> OdaError:
    return OdaError("CERTIFICATE_FORMAT", "The certificate is not as EMV Book 2 writes one")
