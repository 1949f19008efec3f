"""EMV Book 2, clauses 5.1 and 5.3: the issuer's public key, certified by the payment system."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cardwright.emv.oda import certificate as certificates
from cardwright.emv.oda.certificate import KeyCertificate
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import (
    check_current,
    expiry_field,
    issuer_field,
    number_field,
    read_expiry,
    read_issuer,
)
from cardwright.emv.rsa import RsaPrivate, RsaPublic, public_of
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry

__all__ = ["CertifiedIssuer", "IssuerKey", "certify_issuer", "recover_issuer"]

_FORMAT = b"\x02"
_SUBJECT = 10  # format, identifier, expiry, serial number


@dataclass(frozen=True, slots=True)
class CertifiedIssuer:
    """What an issuer's certificate says.

    Attributes:
        key: the issuer's public key.
        identifier: the first 3 to 8 digits of its account numbers.
        expiry: the certificate's last month.
        serial: the authority's number of the certificate.
    """

    key: RsaPublic
    identifier: str
    expiry: Expiry
    serial: int


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """An issuer's private key together with what its certificate says: what cards are signed by.

    Raises:
        OdaError: KEY_MISMATCH when the certificate is of another key.
    """

    private: RsaPrivate
    certified: CertifiedIssuer

    def __post_init__(self) -> None:
        if public_of(self.private) != self.certified.key:
            raise OdaError("KEY_MISMATCH", "The certificate is of another issuer key")


def certify_issuer(
    authority: RsaPrivate, authority_expiry: Expiry, issuer: CertifiedIssuer
) -> KeyCertificate:
    """Certify an issuer's key: tags 90, 92 and 9F32 (``ISSUER_TAGS``).

    Args:
        authority: the payment system's key, no shorter than the issuer's.
        authority_expiry: the last month of that key.
        issuer: what the certificate will say.

    Raises:
        OdaError: CERTIFICATE_EXPIRY when it would outlive the authority's key, KEY_LENGTH,
            FIELD_VALUE.
    """
    if issuer.expiry > authority_expiry:
        raise OdaError("CERTIFICATE_EXPIRY", "A certificate can't outlive its authority's key")
    subject = b"%b%b%b%b" % (
        _FORMAT,
        issuer_field(issuer.identifier),
        expiry_field(issuer.expiry),
        number_field(issuer.serial),
    )
    return certificates.certify(authority, subject, issuer.key)


def recover_issuer(
    authority: RsaPublic, certificate: KeyCertificate, today: dt.date, pan: Pan | None = None
) -> CertifiedIssuer:
    """Verify an issuer's certificate as a terminal does.

    Args:
        authority: the payment system's key of the card's RID and index (8F).
        certificate: from tags 90, 92 and 9F32.
        today: the day on which it should be good.
        pan: the card's account number, to be one of this issuer; None where there is no card yet.

    Raises:
        OdaError: SIGNATURE_*, CERTIFICATE_FORMAT, CERTIFICATE_EXPIRED, ISSUER_MISMATCH.
    """
    subject, key = certificates.recover(authority, certificate, _SUBJECT)
    if subject[:1] != _FORMAT:
        raise OdaError("CERTIFICATE_FORMAT", "The certificate is not an issuer's")
    expiry = read_expiry(subject[5:7])
    check_current(expiry, today)
    identifier = read_issuer(subject[1:5])
    if pan is not None and not pan.digits().startswith(identifier):
        raise OdaError("ISSUER_MISMATCH", "The certificate is of another issuer than the card's")
    return CertifiedIssuer(key, identifier, expiry, int.from_bytes(subject[7:10], "big"))
