import dataclasses
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.emv.oda.certificate import (
    ICC_TAGS,
    ISSUER_TAGS,
    PIN_TAGS,
    KeyCertificate,
    planned_lengths,
)
from cardwright.emv.oda.errors import OdaError
from cardwright.emv.oda.icc import (
    CardSubject,
    CertifiedCard,
    certify_icc,
    certify_pin_key,
    recover_icc,
    recover_pin_key,
)
from cardwright.emv.oda.issuer import IssuerKey, certify_issuer, recover_issuer
from cardwright.emv.rsa import public_of
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from tests.unit.emv.oda_kit import (
    AUTHORITY_EXPIRY,
    CARD,
    CARD_EXPIRY,
    ISSUER_EXPIRY,
    OTHER_PAN,
    PAN,
    STATIC_DATA,
    TODAY,
    certified,
    issuer_key,
)
from tests.unit.emv.rsa_kit import rsa_key

AUTHORITY = rsa_key(1152, 3, "authority")
ICC = public_of(rsa_key(768, 3, "icc"))
serials = st.integers(0, 0xFFFFFF)
exponents = st.sampled_from((3, 65537))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from((768, 864, 872, 896, 1152)),
    exponents,
    exponents,
    st.integers(3, 8),
    serials,
    st.builds(Expiry, st.integers(2026, 2033), st.integers(3, 12)),
)
def test_an_issuers_certificate_is_recovered(
    bits: int, exponent: int, ca_exponent: int, digits: int, serial: int, expiry: Expiry
) -> None:
    authority = rsa_key(1152, ca_exponent, "authority")
    issuer = dataclasses.replace(
        certified(bits, exponent, PAN.digits()[:digits]), serial=serial, expiry=expiry
    )
    made = certify_issuer(authority, AUTHORITY_EXPIRY, issuer)
    assert recover_issuer(public_of(authority), made, TODAY, PAN) == issuer
    assert recover_issuer(public_of(authority), made, TODAY) == issuer
    lengths = tuple((tag, len(value)) for tag, value in made.objects(ISSUER_TAGS))
    assert lengths == planned_lengths(ISSUER_TAGS, 144, bits // 8, exponent)
    assert len(made.remainder) == max(0, bits // 8 - 144 + 36)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(((896, 768), (896, 896), (1152, 768), (1152, 816), (1152, 824), (1152, 1152))),
    exponents,
    serials,
    st.binary(max_size=400).map(SecretBytes),
)
def test_a_cards_certificates_are_recovered(
    sizes: tuple[int, int], exponent: int, serial: int, data: SecretBytes
) -> None:
    issuer = issuer_key(sizes[0])
    key = public_of(rsa_key(sizes[1], exponent, "icc"))
    card = CardSubject(PAN, CARD_EXPIRY, serial, Expiry(2030, 1))
    said = CertifiedCard(key, Expiry(2030, 1), serial)
    made = certify_icc(issuer, key, card, data)
    assert recover_icc(issuer.certified.key, made, PAN, TODAY, data) == said
    pin = certify_pin_key(issuer, key, card)
    assert recover_pin_key(issuer.certified.key, pin, PAN, TODAY) == said
    for tags, parts in ((ICC_TAGS, made), (PIN_TAGS, pin)):
        lengths = tuple((tag, len(value)) for tag, value in parts.objects(tags))
        assert lengths == planned_lengths(tags, sizes[0] // 8, key.length, exponent)


def test_certificates_go_to_the_tags_that_book_3_has() -> None:
    parts = KeyCertificate(b"certificate", b"remainder", b"exponent")
    assert parts.objects(ISSUER_TAGS) == (
        (0x90, b"certificate"), (0x92, b"remainder"), (0x9F32, b"exponent"),
    )  # fmt: skip
    assert dict(parts.objects(ICC_TAGS)) == {
        0x9F46: b"certificate", 0x9F48: b"remainder", 0x9F47: b"exponent",
    }  # fmt: skip
    assert dict(parts.objects(PIN_TAGS)) == {
        0x9F2D: b"certificate", 0x9F2F: b"remainder", 0x9F2E: b"exponent",
    }  # fmt: skip
    assert len(dataclasses.replace(parts, remainder=b"").objects(ICC_TAGS)) == 2


def test_a_cards_certificate_and_data_do_not_print() -> None:
    made = certify_icc(issuer_key(), ICC, CARD, STATIC_DATA)
    assert made.certificate.hex() not in repr(made)
    assert str(made.certificate) not in repr(made)
    assert PAN.digits() not in repr(CARD)


def test_no_bit_of_our_certificate_may_change() -> None:
    issuer = issuer_key()
    made = certify_icc(issuer, ICC, CARD, STATIC_DATA)
    parts = (made.certificate, made.remainder, made.exponent)
    for which, part in enumerate(parts):
        for bit in range(8 * len(part)):
            octets = (int.from_bytes(part) ^ 1 << bit).to_bytes(len(part))
            changed = KeyCertificate(*(octets if n == which else p for n, p in enumerate(parts)))
            with pytest.raises(OdaError) as caught:
                recover_icc(issuer.certified.key, changed, PAN, TODAY, STATIC_DATA)
            assert caught.value.code.startswith("SIGNATURE_")


def test_another_key_recovers_nothing() -> None:
    made = certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, certified())
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(rsa_key(1152, 65537, "authority")), made, TODAY)
    assert caught.value.code == "SIGNATURE_FORMAT"
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(rsa_key(896, 3, "issuer")), made, TODAY)
    assert caught.value.code == "SIGNATURE_LENGTH"


def test_a_signature_not_below_the_modulus_is_refused() -> None:
    made = certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, certified())
    for octets in (AUTHORITY.modulus, b"\xff" * 144):
        with pytest.raises(OdaError) as caught:
            recover_issuer(
                public_of(AUTHORITY), dataclasses.replace(made, certificate=octets), TODAY
            )
        assert caught.value.code == "SIGNATURE_FORMAT"


@pytest.mark.parametrize("identifier", ["5413", "41111112", "541333"])
def test_a_card_of_another_issuer(identifier: str) -> None:
    made = certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, certified(identifier=identifier))
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(AUTHORITY), made, TODAY, PAN)
    assert caught.value.code == "ISSUER_MISMATCH"
    with pytest.raises(OdaError) as caught:
        certify_icc(issuer_key(identifier=identifier), ICC, CARD, STATIC_DATA)
    assert caught.value.code == "ISSUER_MISMATCH"
    with pytest.raises(OdaError) as caught:
        certify_pin_key(issuer_key(identifier=identifier), ICC, CARD)
    assert caught.value.code == "ISSUER_MISMATCH"


def test_a_certificate_of_another_card() -> None:
    issuer = issuer_key()
    made = certify_icc(issuer, ICC, CARD, STATIC_DATA)
    with pytest.raises(OdaError) as caught:
        recover_icc(issuer.certified.key, made, OTHER_PAN, TODAY, STATIC_DATA)
    assert caught.value.code == "PAN_MISMATCH"


def test_a_certificate_is_good_through_its_last_day() -> None:
    issuer = issuer_key()
    made = certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, issuer.certified)
    card = certify_icc(issuer, ICC, CARD, STATIC_DATA)
    pin = certify_pin_key(issuer, ICC, CARD)
    recover_issuer(public_of(AUTHORITY), made, ISSUER_EXPIRY.last_day())
    recover_icc(issuer.certified.key, card, PAN, CARD_EXPIRY.last_day(), STATIC_DATA)
    recover_pin_key(issuer.certified.key, pin, PAN, CARD_EXPIRY.last_day())
    day = dt.timedelta(days=1)
    with pytest.raises(OdaError) as caught:
        recover_issuer(public_of(AUTHORITY), made, ISSUER_EXPIRY.last_day() + day)
    assert caught.value.code == "CERTIFICATE_EXPIRED"
    with pytest.raises(OdaError) as caught:
        recover_icc(issuer.certified.key, card, PAN, CARD_EXPIRY.last_day() + day, STATIC_DATA)
    assert caught.value.code == "CERTIFICATE_EXPIRED"
    with pytest.raises(OdaError) as caught:
        recover_pin_key(issuer.certified.key, pin, PAN, CARD_EXPIRY.last_day() + day)
    assert caught.value.code == "CERTIFICATE_EXPIRED"


@pytest.mark.parametrize(
    ("card_expiry", "expiry"),
    [
        (Expiry(2032, 1), None),  # after the issuer's certificate
        (Expiry(2029, 2), Expiry(2032, 1)),
        (Expiry(2029, 2), Expiry(2029, 1)),  # the card after its own
    ],
)
def test_nothing_outlives_what_certifies_it(card_expiry: Expiry, expiry: Expiry | None) -> None:
    card = CardSubject(PAN, card_expiry, 1, expiry)
    with pytest.raises(OdaError) as caught:
        certify_icc(issuer_key(), ICC, card, STATIC_DATA)
    assert caught.value.code == "CERTIFICATE_EXPIRY"


def test_an_issuers_certificate_does_not_outlive_the_authoritys_key() -> None:
    certify_issuer(AUTHORITY, ISSUER_EXPIRY, certified())
    with pytest.raises(OdaError) as caught:
        certify_issuer(AUTHORITY, Expiry(2031, 11), certified())
    assert caught.value.code == "CERTIFICATE_EXPIRY"


def test_keys_too_long_and_too_short_are_not_certified() -> None:
    issuer = issuer_key(896)
    for bits in (760, 904):
        key = public_of(rsa_key(bits, 3, "icc"))
        with pytest.raises(OdaError) as caught:
            certify_icc(issuer, key, CARD, STATIC_DATA)
        assert caught.value.code == "KEY_LENGTH"
        with pytest.raises(OdaError) as caught:
            certify_pin_key(issuer, key, CARD)
        assert caught.value.code == "KEY_LENGTH"
    for bits in (760, 1160):
        with pytest.raises(OdaError) as caught:
            certify_issuer(AUTHORITY, AUTHORITY_EXPIRY, certified(bits))
        assert caught.value.code == "KEY_LENGTH"


def test_an_issuer_signs_with_the_certified_key_only() -> None:
    with pytest.raises(OdaError) as caught:
        IssuerKey(rsa_key(896, 65537, "issuer"), certified())
    assert caught.value.code == "KEY_MISMATCH"
