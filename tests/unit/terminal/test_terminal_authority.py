"""What Cardwright's own authority and issuers certify, as a terminal sees it.

Two implementations of EMV Book 2 that share no code: one signs, the other verifies.
"""

from __future__ import annotations

import datetime as dt

import pytest

from cardwright.emv.authority import Authority, generate_signers
from cardwright.emv.oda.capk import dump_keys
from cardwright.emv.oda.certificate import KeyCertificate
from cardwright.emv.oda.icc import CardSubject, certify_icc, certify_pin_key
from cardwright.emv.oda.issuer import CertifiedIssuer, IssuerKey, certify_issuer
from cardwright.emv.oda.static_data import sign_static_data
from cardwright.emv.rsa import generate_rsa, public_of
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from cardwright.terminal import load_ca_keys
from cardwright.terminal.certificates import (
    CardCertificate,
    RsaPublicKey,
    recover_icc_key,
    recover_issuer_key,
    verify_static,
)
from cardwright.terminal.errors import AuthenticationError

PAN = "9999991234567893"
TODAY = dt.date(2026, 11, 23)
EXPIRY = Expiry(2028, 12)
STATIC = SecretBytes(b"what the signed records say")


def as_read(certificate: KeyCertificate) -> CardCertificate:
    return CardCertificate(certificate.certificate, certificate.remainder, certificate.exponent)


@pytest.mark.parametrize(("ca_exponent", "issuer_bits"), [(3, 1152), (65537, 1024)])
def test_a_chain_of_our_own_authority_is_accepted(ca_exponent: int, issuer_bits: int) -> None:
    [signer] = generate_signers(EXPIRY, [(1, 1152, ca_exponent)])
    [ca] = load_ca_keys(dump_keys(Authority([signer]).keys))
    assert ca.expiry == dt.date(2028, 12, 31)
    private = generate_rsa(issuer_bits, 3)
    certified = CertifiedIssuer(public_of(private), PAN[:6], EXPIRY, 7)
    signed = as_read(certify_issuer(signer.private, EXPIRY, certified))
    issuer = recover_issuer_key(ca, signed, PAN, TODAY)
    assert issuer == RsaPublicKey(private.modulus, 3)

    ours, card = IssuerKey(private, certified), CardSubject(Pan(PAN), EXPIRY, 9)
    icc = public_of(generate_rsa(1024, 3))
    dynamic = as_read(certify_icc(ours, icc, card, STATIC))
    key = recover_icc_key(issuer, dynamic, PAN, TODAY, STATIC.reveal())
    assert key == RsaPublicKey(icc.modulus, 3)
    with pytest.raises(AuthenticationError):
        recover_icc_key(issuer, dynamic, PAN, TODAY, b"")
    pin = as_read(certify_pin_key(ours, icc, card))
    assert recover_icc_key(issuer, pin, PAN, TODAY, b"") == key

    signature = sign_static_data(ours, STATIC, b"\xda\xc0")
    assert verify_static(issuer, signature, STATIC.reveal()) == b"\xda\xc0"
