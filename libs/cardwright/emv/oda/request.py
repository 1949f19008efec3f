"""The request for an issuer's certificate: the issuer's public key, certified by itself.

A key file (``.sip``) and, sent by another way, its hash (``.hip``), in the form that Mastercard
calls the self-certified issuer public key.

Source: the schemes' own specifications are confidential and were not used. The fields are those of
public references: HSM host commands ("Generate Issuer RSA Key Set, MasterCard/Europay": ten octets
of subject, expiry and serial number, and three of the issuer's key index) and two public programs,
Kona KMS (``MasterFormatter``) and SmartVista (``sec_api_rsa_certificate_pkg``), which agree. Ask
the scheme before you send it a request.

Key file: identifier (4), key index (3), algorithm 01, modulus length, exponent length, modulus,
exponent; then 6A, format 11, identifier (4), expiry MMYY (2), tracking number (3), hash algorithm
01, algorithm 01, modulus length, exponent length, the modulus less its last 36 octets, SHA-1 over
all from the format to the exponent, BC, signed by the key itself.
Hash file: identifier (4), key index (3), algorithm 01, that SHA-1.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cardwright.emv.oda import certificate as certificates
from cardwright.emv.oda import signature
from cardwright.emv.oda.certificate import KeyCertificate
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import (
    expiry_field,
    issuer_field,
    number_field,
    read_expiry,
    read_issuer,
)
from cardwright.emv.rsa import RsaError, RsaPrivate, RsaPublic, public_of
from cardwright.iso.tracks import Expiry

__all__ = ["IssuerRequest", "RequestFiles", "read_request", "write_request"]

_FORMAT = b"\x11"
_ALGORITHM = b"\x01"
_HEAD = 10  # identifier, index, algorithm, two lengths
_SUBJECT = 10  # format, identifier, expiry, tracking number
_REMAINDER = 36  # of a modulus certified by itself: what the other fields take of the block


@dataclass(frozen=True, slots=True)
class IssuerRequest:
    """What an issuer asks to have certified.

    Attributes:
        key: its public key.
        identifier: the first 3 to 8 digits of its account numbers.
        index: the issuer's own number of the key, 0 to 16,777,215.
        expiry: the last month that it asks for.
        tracking: the number under which the request is followed, 0 to 16,777,215.
    """

    key: RsaPublic
    identifier: str
    index: int
    expiry: Expiry
    tracking: int

    @property
    def file_stem(self) -> str:
        """The name of the request's and the answer's files, without suffix."""
        return f"{self.identifier}-{self.index:06X}"


@dataclass(frozen=True, slots=True)
class RequestFiles:
    """The contents of a request's two files: ``<stem>.sip`` and ``<stem>.hip``."""

    key_file: bytes
    hash_file: bytes


def write_request(
    key: RsaPrivate, identifier: str, index: int, expiry: Expiry, tracking: int
) -> RequestFiles:
    """Make the files; the attributes are those of ``IssuerRequest``.

    Raises:
        OdaError: FIELD_VALUE, or KEY_LENGTH for a key below 768 bits.
    """
    request = IssuerRequest(public_of(key), identifier, index, expiry, tracking)
    proof = certificates.certify(key, _subject(request), request.key)
    return RequestFiles(_clear_part(request) + proof.certificate, _hash_file(request))


def read_request(files: RequestFiles) -> IssuerRequest:
    """Verify that the files belong together and that who wrote them has the private key.

    Raises:
        OdaError: REQUEST_FORMAT for octets that are no request, SIGNATURE_* for one that its key
            didn't sign, REQUEST_MISMATCH when its clear part, its signed part and its hash file
            are not of the same request.
    """
    head, body = files.key_file[:_HEAD], files.key_file[_HEAD:]
    if len(head) < _HEAD:
        raise OdaError("REQUEST_FORMAT", "The key file is too short for a certificate request")
    modulus, exponent, proof = body[: head[8]], body[head[8] : -head[8]], body[-head[8] :]
    try:
        key = RsaPublic(modulus, int.from_bytes(exponent, "big"))
    except RsaError:
        raise OdaError("REQUEST_FORMAT", "The key file is no request, or is cut off") from None
    certificate = KeyCertificate(proof, modulus[-_REMAINDER:], exponent)
    subject, signed_key = certificates.recover(key, certificate, _SUBJECT)
    request = IssuerRequest(
        key,
        read_issuer(subject[1:5]),
        int.from_bytes(head[4:7], "big"),
        read_expiry(subject[5:7]),
        int.from_bytes(subject[7:10], "big"),
    )
    if subject[:1] != _FORMAT:
        raise OdaError("REQUEST_FORMAT", "The signed part is of another format than a request's")
    same = signed_key == key and files.key_file.startswith(_clear_part(request))
    if not (same and hmac.compare_digest(_hash_file(request), files.hash_file)):
        raise OdaError("REQUEST_MISMATCH", "The parts are of different requests; ask for all again")
    return request


def _clear_part(request: IssuerRequest) -> bytes:
    return b"%b%b%c%c%b%b" % (
        _name(request),
        _ALGORITHM,
        request.key.length,
        len(request.key.exponent_octets),
        request.key.modulus,
        request.key.exponent_octets,
    )


def _hash_file(request: IssuerRequest) -> bytes:
    message = certificates.key_message(_subject(request), request.key, 0)
    return _name(request) + _ALGORITHM + signature.digest(message)


def _name(request: IssuerRequest) -> bytes:
    return issuer_field(request.identifier) + number_field(request.index)


def _subject(request: IssuerRequest) -> bytes:
    return b"%b%b%b%b" % (
        _FORMAT,
        issuer_field(request.identifier),
        expiry_field(request.expiry),
        number_field(request.tracking),
    )
