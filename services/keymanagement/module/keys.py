"""What is known of a key outside its value: name, purpose, algorithm and check value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

__all__ = ["PAIRS", "Algorithm", "Family", "Key", "Usage"]

_RSA: Final = re.compile(r"RSA-([0-9]{3,4})/(3|65537)")


class Family(Enum):
    """Kinds of algorithms."""

    TDES = "TDES"
    AES = "AES"
    HMAC = "HMAC-SHA-256"
    P256 = "P-256"
    ED25519 = "Ed25519"
    RSA = "RSA"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm with its parameters, written as ``TDES-112``, ``AES-256`` or ``RSA-1408/3``.

    Attributes:
        family: of what kind.
        bits: of strength that count: 112 or 168 for TDES, the modulus's for RSA; 0 where there is
            but one.
        exponent: of RSA, public; 0 for others.
    """

    family: Family
    bits: int = 0
    exponent: int = 0

    def __str__(self) -> str:
        """Write it as keystore, journal and people do."""
        if self.family is Family.RSA:
            return f"RSA-{self.bits}/{self.exponent}"
        return f"{self.family.value}-{self.bits}" if self.bits else self.family.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` writes; ValueError for anything else."""
        if found := _RSA.fullmatch(text):
            return cls(Family.RSA, int(found[1]), int(found[2]))
        for each in _FIXED:
            if str(each) == text:
                return cls(each.family, each.bits)
        raise ValueError(f"{text!r} is no algorithm")


PAIRS: Final = frozenset({Family.P256, Family.ED25519})
"""Families whose public halves the module publishes; certificates tell those of RSA keys."""
TDES_112: Final = Algorithm(Family.TDES, 112)
TDES_168: Final = Algorithm(Family.TDES, 168)
AES_128, AES_192, AES_256 = (Algorithm(Family.AES, bits) for bits in (128, 192, 256))
HMAC: Final = Algorithm(Family.HMAC)
P256: Final = Algorithm(Family.P256)
ED25519: Final = Algorithm(Family.ED25519)
RSA_1408: Final = Algorithm(Family.RSA, 1408, 3)
RSA_1984: Final = Algorithm(Family.RSA, 1984, 3)
_FIXED: Final = (TDES_112, TDES_168, AES_128, AES_192, AES_256, HMAC, P256, ED25519)
_TDES: Final = (TDES_112, TDES_168)
_AES: Final = (AES_128, AES_192, AES_256)


class Usage(Enum):
    """The one purpose of a key: no verb takes a key that was made for another."""

    SIGN = "sign"
    REQUEST = "request"
    SECTION = "section"
    DIGEST = "digest"
    CVK = "cvk"
    IMK_AC = "imk-ac"
    IMK_SMI = "imk-smi"
    IMK_SMC = "imk-smc"
    IMK_DAC = "imk-dac"
    IMK_IDN = "imk-idn"
    IMK_CVC3 = "imk-cvc3"
    BADGE_MASTER = "badge-master"
    CHIP_MASTER = "chip-master"
    PVK = "pvk"
    IBM_PIN = "ibm-pin"
    PIN_ENCRYPTION = "pin-encryption"
    ZONE_MASTER = "zone-master"
    KEY_ENCRYPTION = "key-encryption"
    ISSUER_RSA = "issuer-rsa"
    CA_RSA = "ca-rsa"

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """What keys of this purpose may be, the usual one first; any size for RSA."""
        return _ALGORITHMS[self]

    @property
    def exportable(self) -> bool:
        """Whether values leave, in key blocks or components: keys that others share with us."""
        return self not in _STAYING

    def allows(self, algorithm: Algorithm) -> bool:
        """Whether a key of this purpose may be of this algorithm."""
        usual = self.algorithms
        return algorithm in usual or (
            usual[0].family is Family.RSA and algorithm.family is Family.RSA
        )


_STAYING: Final = {
    Usage.SIGN,
    Usage.REQUEST,
    Usage.SECTION,
    Usage.DIGEST,
    Usage.ISSUER_RSA,
    Usage.CA_RSA,
}
_BLOCK_CIPHERS: Final = (*_TDES, *_AES)
_ALGORITHMS: Final = {
    Usage.SIGN: (ED25519,),
    Usage.REQUEST: (P256,),
    Usage.SECTION: (P256,),
    Usage.DIGEST: (HMAC,),
    Usage.CVK: (TDES_112,),
    Usage.IMK_AC: (TDES_112, *_AES),
    Usage.IMK_SMI: (TDES_112, *_AES),
    Usage.IMK_SMC: (TDES_112, *_AES),
    Usage.IMK_DAC: (TDES_112, *_AES),
    Usage.IMK_IDN: (TDES_112, *_AES),
    Usage.IMK_CVC3: (TDES_112,),
    Usage.BADGE_MASTER: _AES,
    Usage.CHIP_MASTER: (*_AES, TDES_112),
    Usage.PVK: (TDES_112,),
    Usage.IBM_PIN: (TDES_112,),
    Usage.PIN_ENCRYPTION: _BLOCK_CIPHERS,
    Usage.ZONE_MASTER: (AES_256, *_TDES, AES_128, AES_192),
    Usage.KEY_ENCRYPTION: (AES_256, *_TDES, AES_128, AES_192),
    Usage.ISSUER_RSA: (RSA_1408,),
    Usage.CA_RSA: (RSA_1984,),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A handle on a key in a backend.

    Attributes:
        label: e.g. "aurora-bank/IMK-AC".
        version: from 1; a label alone means its newest version.
        usage: its one purpose.
        algorithm: what it is.
        kcv: three octets by which ceremonies compare it: of a secret key its check value, of a
            key pair the beginning of the public key's SHA-256.
    """

    label: str
    version: int
    usage: Usage
    algorithm: Algorithm
    kcv: bytes

    @property
    def key_id(self) -> str:
        """Label and version, e.g. "aurora-bank/IMK-AC#1"."""
        return f"{self.label}#{self.version}"
