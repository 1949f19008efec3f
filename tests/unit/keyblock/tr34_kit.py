"""A host and two devices with certificates, their keys made for the run."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from cardwright.emv.rsa import ClearRsa, CrtKey
from cardwright.keyblock.tr34.party import Party, party_of
from cardwright.secret import SecretBytes


class Someone(NamedTuple):
    party: Party
    key: ClearRsa
    library_key: rsa.RSAPrivateKey
    certificate: bytes


@cache
def someone(name: str) -> Someone:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"CA of {name}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(0x3400000001)
        .not_valid_before(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2036, 1, 1, tzinfo=dt.UTC))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    return Someone(party_of(certificate), clear_rsa(key), key, certificate)


def clear_rsa(key: rsa.RSAPrivateKey) -> ClearRsa:
    n = key.private_numbers()
    parts = (n.p, n.q, n.dmp1, n.dmq1, n.iqmp)
    return ClearRsa(CrtKey(*(SecretBytes(part.to_bytes(128, "big")) for part in parts)), 65537)
