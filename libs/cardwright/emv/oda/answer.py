"""The certification authority's answer to an issuer's request: unsigned and signed data, one file.

Identifier (4), the issuer's key index (3), the authority's key index (1), the modulus's remainder,
the exponent, the certificate; the file's suffix is ``.c`` and the authority's index.

Source: as for ``request``, and verified with an answer that a public program ships (EMVToolApp,
``522230-000001.cEF``, signed by the scheme's published test key EF).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cardwright.emv.oda import signature
from cardwright.emv.oda.capk import AuthorityKey
from cardwright.emv.oda.certificate import KeyCertificate
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import issuer_field, number_field
from cardwright.emv.oda.issuer import CertifiedIssuer, recover_issuer
from cardwright.emv.oda.request import IssuerRequest

__all__ = ["IssuerAnswer", "check_answer", "read_answer", "write_answer"]

_HEAD = 8  # identifier, two indexes
_BLOCK_USE = 36  # octets of the authority's block that hold no modulus
_MODULUS_LENGTH = 12  # where the signed message has it


@dataclass(frozen=True, slots=True)
class IssuerAnswer:
    """What an authority answered.

    Attributes:
        issuer: what the certificate says.
        index: the issuer's number of the key, as in its request.
        authority_index: which key signed (the cards' tag 8F).
        certificate: for the cards' tags 90, 92 and 9F32.
    """

    issuer: CertifiedIssuer
    index: int
    authority_index: int
    certificate: KeyCertificate

    @property
    def suffix(self) -> str:
        """The file's suffix, the request's stem before it."""
        return f".c{self.authority_index:02X}"


def write_answer(answer: IssuerAnswer) -> bytes:
    """Return the file."""
    return b"%b%b%c%b%b%b" % (
        issuer_field(answer.issuer.identifier),
        number_field(answer.index),
        answer.authority_index,
        answer.certificate.remainder,
        answer.certificate.exponent,
        answer.certificate.certificate,
    )


def read_answer(data: bytes, authority: AuthorityKey, today: dt.date) -> IssuerAnswer:
    """Read and verify an answer.

    Args:
        data: the file.
        authority: the key of its suffix.
        today: the day on which its certificate should be good.

    Raises:
        OdaError: ANSWER_FORMAT for octets that are no answer, CAPK_INDEX for one by another key,
            ANSWER_MISMATCH when the unsigned data are of another issuer than the signed, and the
            codes of ``recover_issuer``.
    """
    key = authority.key
    if len(data) <= _HEAD + key.length:
        raise OdaError("ANSWER_FORMAT", "The file is too short for an answer by this key")
    if data[_HEAD - 1] != authority.index:
        raise OdaError("CAPK_INDEX", "The answer was made by a key of another index")
    rest, signed = data[_HEAD : -key.length], data[-key.length :]
    message = signature.recover(key, signed, rest)
    split = max(0, message[_MODULUS_LENGTH] - (key.length - _BLOCK_USE))
    certificate = KeyCertificate(signed, rest[:split], rest[split:])
    issuer = recover_issuer(key, certificate, today)
    if data[:4] != issuer_field(issuer.identifier):
        raise OdaError("ANSWER_MISMATCH", "The certificate is of another issuer than the answer")
    return IssuerAnswer(issuer, int.from_bytes(data[4:7], "big"), authority.index, certificate)


def check_answer(answer: IssuerAnswer, request: IssuerRequest) -> None:
    """Refuse an answer to another request.

    Raises:
        OdaError: ANSWER_MISMATCH.
    """
    asked = (request.key, request.identifier, request.index)
    if (answer.issuer.key, answer.issuer.identifier, answer.index) != asked:
        raise OdaError(
            "ANSWER_MISMATCH", "The answer is to another request; look for the right one"
        )
