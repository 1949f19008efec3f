"""What is known of a key outside its value: name, purpose, algorithm and check value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Algorithm", "Key", "Usage"]


class Algorithm(Enum):
    """Algorithm and strength, as the keystore writes them."""

    TDES = "TDES-112"
    AES_128 = "AES-128"
    HMAC = "HMAC-SHA-256"
    P256 = "P-256"
    ED25519 = "Ed25519"


class Usage(Enum):
    """The one purpose of a key: no verb takes a key that was made for another."""

    SIGN = "sign"
    REQUEST = "request"
    SECTION = "section"
    DIGEST = "digest"
    CVK = "cvk"
    EMV_MASTER = "emv-master"
    BADGE_MASTER = "badge-master"
    CHIP_TRANSPORT = "chip-transport"

    @property
    def algorithm(self) -> Algorithm:
        """What keys of this purpose are."""
        return _ALGORITHMS[self]


_ALGORITHMS = {
    Usage.SIGN: Algorithm.ED25519,
    Usage.REQUEST: Algorithm.P256,
    Usage.SECTION: Algorithm.P256,
    Usage.DIGEST: Algorithm.HMAC,
    Usage.CVK: Algorithm.TDES,
    Usage.EMV_MASTER: Algorithm.TDES,
    Usage.BADGE_MASTER: Algorithm.AES_128,
    Usage.CHIP_TRANSPORT: Algorithm.AES_128,
}


@dataclass(frozen=True, slots=True)
class Key:
    """A handle on a key in a backend.

    Attributes:
        label: e.g. "aurora-bank/IMK-AC".
        version: from 1; a label alone means its newest version.
        usage: its one purpose.
        kcv: three octets by which ceremonies compare it: of a secret key its check value, of a
            key pair the beginning of the public key's SHA-256.
    """

    label: str
    version: int
    usage: Usage
    kcv: bytes

    @property
    def key_id(self) -> str:
        """Label and version, e.g. "aurora-bank/IMK-AC#1"."""
        return f"{self.label}#{self.version}"
