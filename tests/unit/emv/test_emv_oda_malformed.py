"""Octets that a signer signed and that are no certificate of EMV all the same."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.oda import certificate as certificates
from cardwright.emv.oda import signature
from cardwright.emv.oda.certificate import (
    KeyCertificate,
)
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.fields import read_expiry, read_issuer
from cardwright.emv.oda.icc import (
    certify_icc,
    recover_icc,
)
from cardwright.emv.oda.issuer import IssuerKey, certify_issuer, recover_issuer
from cardwright.emv.oda.static_data import recover_static_data
from cardwright.emv.rsa import RsaPublic, public_of
from cardwright.secret import SecretBytes
from tests.unit.emv.oda_kit import (
    AUTHORITY_EXPIRY,
    CARD,
    PAN,
    STATIC_DATA,
    TODAY,
    certified,
    issuer_key,
)
from tests.unit.emv.rsa_kit import Recorder, rsa_key

AUTHORITY = rsa_key(1152, 3, "authority")
ICC = public_of(rsa_key(768, 3, "icc"))
SUBJECT = bytes.fromhex("02411111FF1231000001")
FIELDS = bytes.fromhex("01016001")  # SHA-1, RSA, 96 octets, exponent of 1


def test_a_modulus_beyond_emv_is_not_certified() -> None:
    signer = Recorder(b"\xc1" * 256)
    certificates.certify(signer, SUBJECT, RsaPublic(b"\xc1" * 248, 3))
    with pytest.raises(OdaError) as caught:
        certificates.certify(signer, SUBJECT, RsaPublic(b"\xc1" * 249, 3))
    assert caught.value.code == "KEY_LENGTH"


@pytest.mark.parametrize("identifier", ["", "41", "411111111", "41111F", "4111-1", "\u0664111"])
def test_identifiers_that_are_none(identifier: str) -> None:
    with pytest.raises(OdaError) as caught:
        certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, certified(identifier=identifier))
    assert caught.value.code == "FIELD_VALUE"


@pytest.mark.parametrize("serial", [-1, 1 << 24])
def test_serial_numbers_have_three_octets(serial: int) -> None:
    with pytest.raises(OdaError) as caught:
        certify_icc(issuer_key(), ICC, dataclasses.replace(CARD, serial=serial), STATIC_DATA)
    assert caught.value.code == "FIELD_VALUE"


@pytest.mark.parametrize(
    "field", ["", "41", "4F111111", "41111A11", "FFFFFFFF", "41FFFFFF", "411111"]
)
def test_identifier_fields_that_are_none(field: str) -> None:
    with pytest.raises(OdaError) as caught:
        read_issuer(bytes.fromhex(field))
    assert caught.value.code == "FIELD_VALUE"


@pytest.mark.parametrize("field", ["", "12", "0026", "1326", "1A26", "122A", "122600"])
def test_expiry_fields_that_are_none(field: str) -> None:
    with pytest.raises(OdaError) as caught:
        read_expiry(bytes.fromhex(field))
    assert caught.value.code == "FIELD_VALUE"


def signed(message: bytes, remainder: bytes = b"", exponent: bytes = b"\x03") -> KeyCertificate:
    """Sign what no builder of ours would write."""
    return KeyCertificate(signature.sign(AUTHORITY, message), remainder, exponent)


def malformed() -> dict[str, KeyCertificate]:
    whole = SUBJECT + FIELDS + ICC.modulus
    padded = whole + b"\xbb" * 12  # 144 - 36 - 96
    return {
        "hash algorithm": signed(padded.replace(FIELDS, b"\x02" + FIELDS[1:]) + b"\x03"),
        "key algorithm": signed(padded.replace(FIELDS, b"\x01\x02" + FIELDS[2:]) + b"\x03"),
        "exponent length": signed(padded.replace(FIELDS, FIELDS[:3] + b"\x03") + b"\x03"),
        "exponent": signed(padded + b"\x05", exponent=b"\x05"),
        "exponent with a zero": signed(padded + b"\x00\x03", exponent=b"\x00\x03"),
        "exponent missing": signed(padded, exponent=b""),
        "modulus length": signed(padded.replace(FIELDS, b"\x01\x01\x5f\x01") + b"\x03"),
        "modulus length zero": signed(padded.replace(FIELDS, b"\x01\x01\x00\x01") + b"\x03"),
        "padding": signed(whole + b"\xbb" * 11 + b"\xbc" + b"\x03"),
        "remainder of a short key": signed(padded + b"\xbb\x03", remainder=b"\xbb"),
        "remainder cut": signed(
            SUBJECT + b"\x01\x01\x70\x01" + b"\xc1" * 108 + b"\xc1\x03", remainder=b"\xc1"
        ),
        "remainder in the exponent": signed(
            SUBJECT + b"\x01\x01\x6d\x01" + b"\xc1" * 108 + b"\xc1\x03", b"", b"\xc1\x03"
        ),
        "even modulus": signed(SUBJECT + FIELDS + b"\xc0" * 96 + b"\xbb" * 12 + b"\x03"),
        "longer than its signer": signed(
            SUBJECT + b"\x01\x01\x91\x01" + b"\xc1" * 108 + b"\xc1" * 37 + b"\x03", b"\xc1" * 37
        ),
        "longer than any": signed(
            SUBJECT + b"\x01\x01\xff\x01" + b"\xc1" * 108 + b"\xc1" * 300 + b"\x03", b"\xc1" * 300
        ),
    }


@pytest.mark.parametrize("name", malformed())
def test_a_signed_certificate_must_be_as_book_2_writes_it(name: str) -> None:
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(AUTHORITY), malformed()[name], TODAY)
    assert caught.value.code == "CERTIFICATE_FORMAT"


def test_the_malformed_certificates_are_otherwise_good() -> None:
    whole = SUBJECT + FIELDS + ICC.modulus + b"\xbb" * 12 + b"\x03"
    assert recover_issuer(public_of(AUTHORITY), signed(whole), TODAY).key == ICC


def test_each_kind_of_certificate_is_taken_for_itself_only() -> None:
    key = rsa_key(1152, 3, "issuer")
    issuer = IssuerKey(key, certified(1152))
    empty = SecretBytes(b"")
    by_issuer = certify_icc(issuer, ICC, CARD, empty)
    by_authority = certify_issuer(key, AUTHORITY_EXPIRY, certified())
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(key), by_issuer, TODAY)
    assert caught.value.code == "CERTIFICATE_FORMAT"
    with pytest.raises(OdaError) as caught:
        recover_icc(public_of(key), by_authority, PAN, TODAY, empty)
    assert caught.value.code == "CERTIFICATE_FORMAT"


@pytest.mark.parametrize(
    "fields",
    [
        b"\x02\x01\xda\xc0" + b"\xbb" * 118,
        b"\x03\x02\xda\xc0" + b"\xbb" * 118,
        b"\x03\x01\xda\xc0" + b"\xbb" * 117 + b"\xba",
        b"\x03\x01\xda\xc0\x00" + b"\xbb" * 117,
    ],
    ids=["format", "hash algorithm", "last of the padding", "first of the padding"],
)
def test_signed_static_data_must_be_as_book_2_writes_them(fields: bytes) -> None:
    made = signature.sign(AUTHORITY, fields + STATIC_DATA.reveal())
    with pytest.raises(OdaError) as caught:
        recover_static_data(public_of(AUTHORITY), made, STATIC_DATA)
    assert caught.value.code == "CERTIFICATE_FORMAT"


@pytest.mark.parametrize(("header", "trailer"), [(0x6B, 0xBC), (0x4A, 0xBC), (0x6A, 0xCC)])
def test_a_block_with_another_header_or_trailer(header: int, trailer: int) -> None:
    message = bytes(122)
    block = b"%c%b%b%c" % (header, message, signature.digest(message), trailer)
    with pytest.raises(OdaError) as caught:
        signature.recover(public_of(AUTHORITY), AUTHORITY.apply(block), b"")
    assert caught.value.code == "SIGNATURE_FORMAT"


def test_a_format_octet_counts() -> None:
    authority = public_of(AUTHORITY)
    made = certificates.certify(AUTHORITY, b"\x04" + SUBJECT[1:], ICC)
    with pytest.raises(OdaError) as caught:
        recover_issuer(authority, made, TODAY)
    assert caught.value.code == "CERTIFICATE_FORMAT"
    subject = bytes.fromhex("4111111111111111FFFF" "0229" "010203")  # fmt: skip
    data = STATIC_DATA.reveal()
    made = certificates.certify(AUTHORITY, b"\x02" + subject, ICC, data)
    with pytest.raises(OdaError) as caught:
        recover_icc(authority, made, PAN, TODAY, STATIC_DATA)
    assert caught.value.code == "CERTIFICATE_FORMAT"
    made = certificates.certify(AUTHORITY, b"\x04" + subject, ICC, data)
    assert recover_icc(authority, made, PAN, TODAY, STATIC_DATA).serial == 0x010203


@pytest.mark.parametrize("octets", [32, 34, 35])
def test_a_block_too_short_for_the_fields(octets: int) -> None:
    signer = rsa_key(8 * octets)
    message = (SUBJECT + FIELDS)[: octets - 22] + b"\x03"
    made = KeyCertificate(signature.sign(signer, message), b"", b"\x03")
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(signer), made, TODAY)
    assert caught.value.code == "CERTIFICATE_FORMAT"


def test_a_signer_too_short_for_any_certificate() -> None:
    tiny = RsaPublic(b"\xc1" * 30, 3)
    block = tiny.apply(bytes(29) + b"\x02")
    with pytest.raises(OdaError) as caught:
        recover_issuer(tiny, KeyCertificate(block, b"", b"\x03"), TODAY)
    assert caught.value.code == "SIGNATURE_FORMAT"
    with pytest.raises(OdaError) as caught:
        signature.recover(RsaPublic(b"\xc1" * 21, 3), bytes(21), b"")
    assert caught.value.code == "SIGNATURE_LENGTH"


def test_a_message_must_fill_its_block() -> None:
    with pytest.raises(OdaError) as caught:
        signature.sign(AUTHORITY, bytes(144 - 23))
    assert caught.value.code == "SIGNATURE_LENGTH"
    with pytest.raises(OdaError) as caught:
        signature.sign(Recorder(b"\xc1" * 21), b"")
    assert caught.value.code == "SIGNATURE_LENGTH"


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=40), st.binary(max_size=4))
def test_any_octets_are_refused_with_a_code(body: bytes, remainder: bytes, exponent: bytes) -> None:
    for octets in (body, body[:144].rjust(144, b"\x00")):
        with pytest.raises(OdaError):
            recover_issuer(public_of(AUTHORITY), KeyCertificate(octets, remainder, exponent), TODAY)
