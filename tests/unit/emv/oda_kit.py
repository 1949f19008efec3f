"""An authority, an issuer and a card of our own, on test keys, for the tests of certificates."""

from __future__ import annotations

import datetime as dt

from cardwright.emv.authority import Authority, AuthoritySigner
from cardwright.emv.oda.icc import CardSubject
from cardwright.emv.oda.issuer import CertifiedIssuer, IssuerKey
from cardwright.emv.rsa import public_of
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from tests.unit.emv.rsa_kit import rsa_key

TODAY = dt.date(2026, 3, 1)
PAN = Pan("4111111111111111")
OTHER_PAN = Pan("5413330089600044")
AUTHORITY_EXPIRY = Expiry(2033, 12)
ISSUER_EXPIRY = Expiry(2031, 12)
CARD_EXPIRY = Expiry(2029, 2)
STATIC_DATA = SecretBytes(bytes.fromhex("5A0841111111111111115F340101") + bytes(40))
CARD = CardSubject(PAN, CARD_EXPIRY, 0x010203)


def signers() -> tuple[AuthoritySigner, ...]:
    """Return an authority's keys: indexes 1 (1152 bits, exponent 3) and 2 (1152, 65537)."""
    return tuple(
        AuthoritySigner(index, rsa_key(1152, exponent, "authority"), AUTHORITY_EXPIRY)
        for index, exponent in ((1, 3), (2, 65537))
    )


def authority() -> Authority:
    """Return the test authority of those keys."""
    return Authority(signers())


def certified(bits: int = 896, exponent: int = 3, identifier: str = "411111") -> CertifiedIssuer:
    """Return what an issuer's certificate says."""
    key = public_of(rsa_key(bits, exponent, "issuer"))
    return CertifiedIssuer(key, identifier, ISSUER_EXPIRY, 0x00ABCD)


def issuer_key(bits: int = 896, exponent: int = 3, identifier: str = "411111") -> IssuerKey:
    """Return an issuer's key, ready to certify cards."""
    return IssuerKey(rsa_key(bits, exponent, "issuer"), certified(bits, exponent, identifier))
