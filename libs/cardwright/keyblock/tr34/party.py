"""Who sends and who receives: a certificate's issuer and serial number, and its RSA key.

Whether to trust a certificate (its chain, its dates, the KDH's revocation list) is decided before,
where the parties are bound to each other (TR-34-2019, 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.emv.rsa import RsaError, RsaPublic
from cardwright.iso.tlv import Tlv
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.errors import Tr34Error

__all__ = ["Party", "party_of"]

_LEAST = 256  # octets of a modulus: 2048 bits, TR-34-2019 table 15


@dataclass(frozen=True, slots=True)
class Party:
    """A key distribution host (KDH) or key receiving device (KRD).

    Attributes:
        identifier: IssuerAndSerialNumber of its certificate, DER.
        key: its public key, 2048 bits or more.

    Raises:
        Tr34Error: TR34_CERTIFICATE for a shorter key.
    """

    identifier: bytes
    key: RsaPublic

    def __post_init__(self) -> None:
        if self.key.length < _LEAST:
            raise Tr34Error("TR34_CERTIFICATE", "TR-34 takes RSA keys of 2048 bits or more")


def party_of(certificate: bytes) -> Party:
    """Return the party that an X.509 certificate names.

    Args:
        certificate: DER (RFC 5280, 4.1), already verified.

    Raises:
        Tr34Error: TR34_FORMAT, or TR34_CERTIFICATE for another key than RSA.
    """
    (whole,) = der.values(certificate, der.SEQUENCE)
    signed, _, _ = der.values(whole, der.SEQUENCE, der.SEQUENCE, der.BIT_STRING)
    fields = der.objects(signed)
    if fields and fields[0].tag == der.CONTEXT_0:  # the version, absent from version 1
        fields = fields[1:]
    if [o.tag for o in fields[:6]] != [der.INTEGER] + [der.SEQUENCE] * 5:
        raise Tr34Error("TR34_FORMAT", "This is no X.509 certificate")
    serial, _, issuer, _, _, key = fields[:6]
    return Party(der.sequence(issuer.encode(), serial.encode()), _public_key(key))


def _public_key(info: Tlv) -> RsaPublic:
    """Read SubjectPublicKeyInfo."""
    algorithm, bits = der.values(info.value, der.SEQUENCE, der.BIT_STRING)
    if algorithm != der.RSA_ENCRYPTION + der.NULL or bits[:1] != b"\x00":
        raise Tr34Error("TR34_CERTIFICATE", "The certificate's key is not one of RSA")
    (pair,) = der.values(bits[1:], der.SEQUENCE)
    modulus, exponent = der.values(pair, der.INTEGER, der.INTEGER)
    try:
        return RsaPublic(modulus.removeprefix(b"\x00"), int.from_bytes(exponent, "big"))
    except RsaError:
        raise Tr34Error(
            "TR34_CERTIFICATE", "The RSA key has an odd modulus of whole octets, exponent 65537"
        ) from None
