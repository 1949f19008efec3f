"""Cards that are not ours, replayed: what the terminal says of them is what their makers meant."""

from __future__ import annotations

import datetime as dt

import pytest

from cardwright.terminal import (
    CaPublicKey,
)
from cardwright.terminal.certificates import (
    CardCertificate,
    RsaPublicKey,
    recover_issuer_key,
    verify_dynamic,
    verify_static,
)
from cardwright.terminal.errors import AuthenticationError
from tests.unit.terminal import published as p

MASTERCARD, VISA = bytes.fromhex("A0000000041010"), bytes.fromhex("A0000000031010")
FAR = dt.date(2031, 12, 31)


def test_the_test_cards_of_visa() -> None:
    ca = CaPublicKey(VISA[:5], 0x94, p.VISA_94_MODULUS, 3, FAR)
    assert ca.checksum == p.VISA_94_CHECKSUM
    signed = CardCertificate(p.VISA_ISSUER_CERTIFICATE, b"", b"\3")
    issuer = recover_issuer_key(ca, signed, "4761739001010119", FAR)
    assert issuer == RsaPublicKey(p.VISA_ISSUER_MODULUS, 3)
    card = RsaPublicKey(p.VISA_ICC_MODULUS, 3)
    dynamic = verify_dynamic(card, p.VISA_DYNAMIC_SIGNATURE, bytes.fromhex("7FBC4049"))
    assert (dynamic.number.hex(), dynamic.rest) == ("00ae", b"")


def test_the_test_cards_of_mastercard() -> None:
    ca = CaPublicKey(MASTERCARD[:5], 0xF1, p.MASTERCARD_F1_MODULUS, 3, FAR)
    assert ca.checksum == p.MASTERCARD_F1_CHECKSUM
    signed = CardCertificate(p.MASTERCARD_ISSUER_CERTIFICATE, b"", b"\3")
    today = dt.date(2025, 5, 6)
    issuer = recover_issuer_key(ca, signed, "5413330089020011", today)
    assert issuer == RsaPublicKey(p.MASTERCARD_ISSUER_MODULUS, 3)
    card = RsaPublicKey(p.MASTERCARD_ICC_MODULUS, 3)
    dynamic = verify_dynamic(card, p.MASTERCARD_CDA_SIGNATURE, bytes.fromhex("8B55633B"))
    assert dynamic.number.hex() == "537eb5e03cc433c8"
    # An AAC, its cryptogram, and the transaction data hash.
    assert dynamic.rest.hex() == ("0055b6408dbc985131a04620c52455ea8f2370647af36748a2ca4aa9f6")


def test_a_static_signature_over_other_data_is_found_out() -> None:
    issuer = RsaPublicKey(p.VISA_ISSUER_MODULUS, 3)
    with pytest.raises(AuthenticationError) as caught:
        verify_static(issuer, p.VISA_STATIC_SIGNATURE, b"")
    assert caught.value.code == "SSAD_HASH"
