"""``CT``: the public key's certificate, or a chain of them, in base64 (X9.143-2021, 6.3.6.3).

A chain is ``02``, then for each certificate its format, the count of its base64 characters in four
hexadecimal digits, and these characters.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.text import hex_octets

__all__ = ["Certificate", "CertificateFormat", "encode_certificates", "parse_certificates"]

_CHAIN = "02"


class CertificateFormat(Enum):
    """What a certificate is (table 10)."""

    X509 = "00"
    EMV = "01"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate.

    Attributes:
        format: X.509 or EMV.
        octets: the certificate as its format has it, DER for X.509.
    """

    format: CertificateFormat
    octets: bytes


def encode_certificates(certificates: Sequence[Certificate]) -> str:
    """Return the data of ``CT``; more than one certificate make a chain.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL for no certificate, or one too long for a chain.
    """
    if not certificates:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A certificate block needs a certificate")
    if len(certificates) == 1:
        return certificates[0].format.value + _base64(certificates[0])
    return _CHAIN + "".join(_link(certificate) for certificate in certificates)


def parse_certificates(data: str) -> tuple[Certificate, ...]:
    """Read the data of ``CT``.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL.
    """
    if data[:2] != _CHAIN:
        return (_certificate(data[:2], data[2:]),)
    chain: list[Certificate] = []
    at = 2
    while at < len(data):
        end = at + 6 + int.from_bytes(hex_octets(data[at + 2 : at + 6]), "big")
        if end > len(data):
            raise KeyBlockError("KEYBLOCK_OPTIONAL", "A certificate chain ends inside a link")
        chain.append(_certificate(data[at : at + 2], data[at + 6 : end]))
        at = end
    if not chain:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A certificate chain has no link")
    return tuple(chain)


def _link(certificate: Certificate) -> str:
    text = _base64(certificate)
    if len(text) > 0xFFFF:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "A chain's certificate has 65,535 characters")
    return f"{certificate.format.value}{len(text):04X}{text}"


def _base64(certificate: Certificate) -> str:
    return base64.b64encode(certificate.octets).decode()


def _certificate(kind: str, text: str) -> Certificate:
    try:
        octets = base64.b64decode(text, validate=True)
        return Certificate(CertificateFormat(kind), octets)
    except (binascii.Error, ValueError):
        raise KeyBlockError(
            "KEYBLOCK_OPTIONAL", "A certificate is of format 00 or 01, in base64"
        ) from None
