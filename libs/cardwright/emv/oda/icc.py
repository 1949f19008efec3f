"""A card's public keys, certified by its issuer (EMV Book 2, clauses 6.1, 6.4 and 7.1).

The key for dynamic signatures is certified together with the card's static data; the key for
enciphering the PIN, where a card has one of its own, without.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cardwright.emv.oda import certificate as certificates
from cardwright.emv.oda.certificate import KeyCertificate
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import (
    check_current,
    expiry_field,
    number_field,
    pan_field,
    read_expiry,
)
from cardwright.emv.oda.issuer import IssuerKey
from cardwright.emv.rsa import RsaPublic
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes

__all__ = [
    "CardSubject",
    "CertifiedCard",
    "certify_icc",
    "certify_pin_key",
    "recover_icc",
    "recover_pin_key",
]

_FORMAT = b"\x04"
_SUBJECT = 16  # format, account number, expiry, serial number
_NO_DATA = SecretBytes(b"")


@dataclass(frozen=True, slots=True)
class CardSubject:
    """Which card a certificate is for.

    Attributes:
        pan: the card's account number.
        card_expiry: the card's last month (5F24).
        serial: the issuer's number of the certificate, 0 to 16,777,215.
        expiry: the certificate's last month; the card's, unless it is later.
    """

    pan: Pan
    card_expiry: Expiry
    serial: int
    expiry: Expiry | None = None


@dataclass(frozen=True, slots=True)
class CertifiedCard:
    """What a card's certificate says, the account number apart.

    Attributes:
        key: the card's public key.
        expiry: the certificate's last month.
        serial: the issuer's number of the certificate.
    """

    key: RsaPublic
    expiry: Expiry
    serial: int


def certify_icc(
    issuer: IssuerKey, key: RsaPublic, card: CardSubject, static_data: SecretBytes
) -> KeyCertificate:
    """Certify a card's key for dynamic signatures: tags 9F46, 9F48 and 9F47 (``ICC_TAGS``).

    Args:
        issuer: the issuer's key and its certificate.
        key: the card's, no longer than the issuer's.
        card: whose it is.
        static_data: as ``static_data.static_data`` gives it.

    Raises:
        OdaError: ISSUER_MISMATCH for a card of another issuer; CERTIFICATE_EXPIRY when the card
            would outlive its certificate, or that the issuer's; KEY_LENGTH; FIELD_VALUE.
    """
    return certificates.certify(issuer.private, _subject(issuer, card), key, static_data.reveal())


def certify_pin_key(issuer: IssuerKey, key: RsaPublic, card: CardSubject) -> KeyCertificate:
    """Certify a card's key for PIN encipherment: tags 9F2D, 9F2F and 9F2E (``PIN_TAGS``).

    Raises:
        OdaError: as ``certify_icc``.
    """
    return certificates.certify(issuer.private, _subject(issuer, card), key)


def recover_icc(
    issuer: RsaPublic,
    certificate: KeyCertificate,
    pan: Pan,
    today: dt.date,
    static_data: SecretBytes,
) -> CertifiedCard:
    """Verify a card's certificate as a terminal does.

    Args:
        issuer: the recovered issuer key.
        certificate: from tags 9F46, 9F48 and 9F47.
        pan: the card's account number (5A).
        today: the day on which it should be good.
        static_data: what the terminal read from the signed records.

    Raises:
        OdaError: SIGNATURE_*, CERTIFICATE_FORMAT, PAN_MISMATCH, CERTIFICATE_EXPIRED.
    """
    subject, key = certificates.recover(issuer, certificate, _SUBJECT, static_data.reveal())
    if subject[:1] != _FORMAT:
        raise OdaError("CERTIFICATE_FORMAT", "The certificate is not a card's")
    if subject[1:11] != pan_field(pan):
        raise OdaError("PAN_MISMATCH", "The certificate is of another card")
    expiry = read_expiry(subject[11:13])
    check_current(expiry, today)
    return CertifiedCard(key, expiry, int.from_bytes(subject[13:16], "big"))


def recover_pin_key(
    issuer: RsaPublic, certificate: KeyCertificate, pan: Pan, today: dt.date
) -> CertifiedCard:
    """Verify the certificate of a card's PIN encipherment key (9F2D, 9F2F, 9F2E).

    Raises:
        OdaError: as ``recover_icc``.
    """
    return recover_icc(issuer, certificate, pan, today, _NO_DATA)


def _subject(issuer: IssuerKey, card: CardSubject) -> bytes:
    if not card.pan.digits().startswith(issuer.certified.identifier):
        raise OdaError("ISSUER_MISMATCH", "The card's number is not one of this issuer's key")
    expiry = card.expiry or card.card_expiry
    if not card.card_expiry <= expiry <= issuer.certified.expiry:
        raise OdaError(
            "CERTIFICATE_EXPIRY",
            "A card can't outlive its certificate, nor that the issuer's; certify the issuer anew",
        )
    return b"%b%b%b%b" % (
        _FORMAT,
        pan_field(card.pan),
        expiry_field(expiry),
        number_field(card.serial),
    )
