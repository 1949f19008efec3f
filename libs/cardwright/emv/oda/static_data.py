"""A card's static data: which octets are signed (EMV Book 3, clause 10.3), and their signature.

The signature is tag 93, signed static application data (Book 2, clauses 5.1 and 5.4).
"""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.emv.oda import signature
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.issuer import IssuerKey
from cardwright.emv.rsa import RsaPublic
from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.secret import SecretBytes

__all__ = ["recover_static_data", "sign_static_data", "static_data"]

_FORMAT = b"\x03\x01"  # signed data format, SHA-1
_FIELDS = 4  # format, hash algorithm, data authentication code
_TEMPLATE = 0x70
_AIP_ONLY = b"\x82"


def static_data(
    records: Iterable[tuple[int, bytes]], sda_tag_list: bytes, aip: bytes
) -> SecretBytes:
    """Return the octets that a card's signature or certificate covers.

    Args:
        records: (short file identifier, record) of the records that the AFL names as signed, in
            its order; a record as READ RECORD answers it, in template 70.
        sda_tag_list: the value of 9F4A: 82, or empty where the card has none.
        aip: the application interchange profile, which counts where the list has 82.

    Raises:
        OdaError: STATIC_DATA for another list, a file that is none, or a record that is not one
            template 70: a terminal would fail the card.
    """
    if sda_tag_list not in {b"", _AIP_ONLY} or len(aip) != 2:
        raise OdaError("STATIC_DATA", "The SDA tag list is 82 or empty, the AIP two octets")
    signed = b"".join(_signed_part(sfi, record) for sfi, record in records)
    return SecretBytes(signed + aip if sda_tag_list else signed)


def sign_static_data(issuer: IssuerKey, data: SecretBytes, code: bytes) -> bytes:
    """Return the signed static application data (93), as long as the issuer's modulus.

    Args:
        issuer: the issuer's key and its certificate.
        data: as ``static_data`` gives it.
        code: the issuer's data authentication code (9F45), 2 octets.

    Raises:
        OdaError: FIELD_VALUE for a code of another length.
    """
    if len(code) != 2:
        raise OdaError("FIELD_VALUE", "A data authentication code has 2 octets")
    fields = (_FORMAT + code).ljust(len(issuer.private.modulus) - signature.OVERHEAD, b"\xbb")
    return signature.sign(issuer.private, fields + data.reveal())


def recover_static_data(issuer: RsaPublic, signed: bytes, data: SecretBytes) -> bytes:
    """Verify tag 93 as a terminal does and return the data authentication code, 2 octets.

    Raises:
        OdaError: SIGNATURE_*, or CERTIFICATE_FORMAT for a signature of something else.
    """
    fields = signature.recover(issuer, signed, data.reveal())
    if fields[:2] != _FORMAT or fields[_FIELDS:].strip(b"\xbb"):
        raise OdaError("CERTIFICATE_FORMAT", "The signature is not one of static data")
    return fields[2:_FIELDS]


def _signed_part(sfi: int, record: bytes) -> bytes:
    """Files 1 to 10 give their template's content, files 11 to 30 the template too."""
    try:
        objects = tlv.parse(record)
    except TlvError:
        objects = []
    if not 1 <= sfi <= 30 or [o.tag for o in objects] != [_TEMPLATE]:
        raise OdaError("STATIC_DATA", "A signed record is one template 70 of a file 1 to 30")
    return objects[0].value if sfi <= 10 else record
