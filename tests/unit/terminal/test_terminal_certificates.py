"""Certificates and signatures made by the test kit, and each way in which they can be wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from cardwright.terminal import RevokedCertificate
from cardwright.terminal.certificates import (
    CardCertificate,
    RsaPublicKey,
    recover_icc_key,
    recover_issuer_key,
    verify_dynamic,
    verify_static,
)
from cardwright.terminal.errors import AuthenticationError
from tests.unit.terminal.rsa_kit import CA_INDEX, EXPIRY, PAN, RID, SERIAL, Chain, Key

TODAY = dt.date(2026, 11, 23)
LAST_DAY = dt.date(2028, 12, 31)


def failure(action: Callable[[], object]) -> str:
    with pytest.raises(AuthenticationError) as caught:
        action()
    assert PAN not in str(caught.value)
    return caught.value.code


def issuer_certificate(chain: Chain, **fields: str | bytes) -> CardCertificate:
    objects = chain.issuer_objects(**fields)  # type: ignore[arg-type]  # passed as it comes
    return CardCertificate(objects[0x90], objects[0x92], objects[0x9F32])


def icc_certificate(chain: Chain, static: bytes = b"static") -> CardCertificate:
    objects = chain.icc_objects(static)
    return CardCertificate(objects[0x9F46], objects[0x9F48], objects[0x9F47])


def public(key: Key) -> RsaPublicKey:
    return RsaPublicKey(key.modulus, int.from_bytes(key.exponent, "big"))


def test_the_issuers_key_comes_out_of_its_certificate(chain: Chain) -> None:
    signed = issuer_certificate(chain)
    assert signed.remainder
    key = recover_issuer_key(chain.ca_public, signed, PAN, LAST_DAY)
    assert key == public(chain.issuer)


def test_a_key_that_fits_has_no_remainder(chain: Chain) -> None:
    small = replace(chain, issuer=Key.make(1024))
    signed = issuer_certificate(small)
    assert signed.remainder == b""
    key = recover_issuer_key(chain.ca_public, signed, PAN, TODAY)
    assert key == public(small.issuer)


def test_the_cards_key_comes_out_of_its_certificate(chain: Chain) -> None:
    signed = icc_certificate(chain)
    key = recover_icc_key(public(chain.issuer), signed, PAN, TODAY, b"static")
    assert key == public(chain.icc)


def test_an_issuers_certificate_fails_for_each_reason(chain: Chain) -> None:
    good = issuer_certificate(chain)
    ca = chain.ca_public

    def code(signed: CardCertificate = good, today: dt.date = TODAY, pan: str = PAN) -> str:
        return failure(lambda: recover_issuer_key(ca, signed, pan, today))

    assert code(replace(good, certificate=good.certificate[:-1])) == "ISSUER_CERTIFICATE_LENGTH"
    flipped = bytes((good.certificate[0] ^ 1,)) + good.certificate[1:]
    assert code(replace(good, certificate=flipped)) == "ISSUER_CERTIFICATE_FORMAT"
    assert code(replace(good, remainder=b"\0" * len(good.remainder))) == "ISSUER_CERTIFICATE_HASH"
    assert code(replace(good, exponent=b"\3")) == "ISSUER_CERTIFICATE_HASH"
    assert code(today=LAST_DAY + dt.timedelta(1)) == "ISSUER_CERTIFICATE_EXPIRED"
    assert code(pan="8" + PAN[1:]) == "ISSUER_CERTIFICATE_PAN"
    assert code(issuer_certificate(chain, identifier="99")) == "ISSUER_CERTIFICATE_PAN"
    assert code(issuer_certificate(chain, expiry=b"\x13\x28")) == "ISSUER_CERTIFICATE_FORMAT"
    assert code(issuer_certificate(chain, expiry=b"\x1a\x28")) == "ISSUER_CERTIFICATE_FORMAT"


def test_an_issuers_identifier_may_have_three_to_eight_digits(chain: Chain) -> None:
    for digits in (3, 4, 5, 6, 7, 8):
        signed = issuer_certificate(chain, identifier=PAN[:digits])
        assert recover_issuer_key(chain.ca_public, signed, PAN, TODAY) == public(chain.issuer)


def test_a_revoked_certificate_is_refused(chain: Chain) -> None:
    signed = issuer_certificate(chain)
    revoked = {RevokedCertificate(RID, CA_INDEX, SERIAL)}
    code = failure(lambda: recover_issuer_key(chain.ca_public, signed, PAN, TODAY, revoked))
    assert code == "ISSUER_CERTIFICATE_REVOKED"
    other = {RevokedCertificate(RID, CA_INDEX, b"\0\0\0")}
    assert recover_issuer_key(chain.ca_public, signed, PAN, TODAY, other)


def test_a_cards_certificate_fails_for_each_reason(chain: Chain) -> None:
    good, issuer = icc_certificate(chain), public(chain.issuer)

    def code(signed: CardCertificate = good, static: bytes = b"static", pan: str = PAN) -> str:
        return failure(lambda: recover_icc_key(issuer, signed, pan, TODAY, static))

    assert code(replace(good, certificate=b"")) == "ICC_CERTIFICATE_LENGTH"
    assert code(static=b"other") == "ICC_CERTIFICATE_HASH"
    assert code(pan=PAN[:-1] + "1") == "ICC_CERTIFICATE_PAN"
    # An issuer's certificate in the card's place.
    swapped = CardCertificate(chain.issuer.sign(b"\2", b""), b"", b"\3")
    assert code(swapped) == "ICC_CERTIFICATE_FORMAT"


def certified(chain: Chain, algorithms: bytes, sizes: tuple[int, int], inside: bytes) -> str:
    """The code of a certificate with these algorithm indicators, lengths and digits."""
    head = b"\4" + bytes.fromhex(PAN.ljust(20, "F")) + EXPIRY + SERIAL + algorithms + bytes(sizes)
    signed = CardCertificate(chain.issuer.sign(head + inside, b"\3"), b"", b"\3")
    return failure(lambda: recover_icc_key(public(chain.issuer), signed, PAN, TODAY, b""))


def test_algorithms_and_lengths_of_a_certified_key_are_checked(chain: Chain) -> None:
    key = b"\xc3" * 96
    assert certified(chain, b"\2\1", (96, 1), key) == "ICC_CERTIFICATE_ALGORITHM"
    assert certified(chain, b"\1\2", (96, 1), key) == "ICC_CERTIFICATE_ALGORITHM"
    assert certified(chain, b"\1\1", (200, 1), key) == "ICC_CERTIFICATE_KEY_LENGTH"
    assert certified(chain, b"\1\1", (96, 3), key) == "ICC_CERTIFICATE_KEY_LENGTH"
    assert certified(chain, b"\1\1", (0, 1), key) == "ICC_CERTIFICATE_KEY_LENGTH"
    assert certified(chain, b"\1\1", (96, 1), bytes(96)) == "ICC_CERTIFICATE_KEY_LENGTH"


def test_static_data_are_verified(chain: Chain) -> None:
    issuer = public(chain.issuer)
    assert verify_static(issuer, chain.static_signature(b"data"), b"data") == b"\xda\xc0"
    assert failure(lambda: verify_static(issuer, b"", b"data")) == "SSAD_LENGTH"
    wrong_hash = chain.issuer.sign(b"\3\2\0\0", b"data")
    assert failure(lambda: verify_static(issuer, wrong_hash, b"data")) == "SSAD_ALGORITHM"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\5\2\5\4abcd", "SDAD_ALGORITHM"),
        (b"\5\1\0", "SDAD_FORMAT"),
        (b"\5\1\2\1a", "SDAD_FORMAT"),
        (b"\5\1\x0a\x09abcdefghi", "SDAD_FORMAT"),
        (b"\5\1\3\4abcd", "SDAD_FORMAT"),
    ],
)  # fmt: skip
def test_a_dynamic_signature_without_a_number_is_refused(
    chain: Chain, body: bytes, code: str
) -> None:
    signature = chain.icc.sign(body, b"terminal")
    assert failure(lambda: verify_dynamic(public(chain.icc), signature, b"terminal")) == code


def test_a_dynamic_signature_gives_number_and_rest(chain: Chain) -> None:
    signature = chain.dynamic_signature(b"terminal", b"rest", b"12345678")
    dynamic = verify_dynamic(public(chain.icc), signature, b"terminal")
    assert (dynamic.number, dynamic.rest) == (b"12345678", b"rest")
