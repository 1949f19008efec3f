"""The values of a key block header's fields: X9.143-2021, 6.2 and 6.3.

Digits are left to proprietary use in every field; this library refuses them, since nobody could
tell what such a key may do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from cardwright.keyblock.errors import KeyBlockError

__all__ = [
    "Algorithm",
    "Context",
    "Exportability",
    "KeyVersion",
    "Mode",
    "Usage",
    "Version",
    "read_field",
]

_Field = TypeVar("_Field", bound=Enum)
_KEY_VERSION = re.compile(r"[0-9A-Za-z]{2}")


class Version(Enum):
    """How the block is protected, which also says what the protection key must be.

    The variants (A, C) are old: this library reads them and writes none.
    """

    VARIANT_2005 = "A"
    DERIVATION_TDES = "B"
    VARIANT_2010 = "C"
    DERIVATION_AES = "D"

    @property
    def block(self) -> int:
        """Octets of the protecting cipher's block."""
        return 16 if self is Version.DERIVATION_AES else 8

    @property
    def mac_length(self) -> int:
        """Octets of the MAC at the end."""
        return 4 if self.is_variant else self.block

    @property
    def is_variant(self) -> bool:
        """Whether the keys for enciphering and MAC are variants of the protection key."""
        return self in {Version.VARIANT_2005, Version.VARIANT_2010}


class Usage(Enum):
    """What the key is for (table 2)."""

    BASE_DERIVATION = "B0"
    INITIAL_DUKPT = "B1"
    BASE_KEY_VARIANT = "B2"
    KEY_DERIVATION = "B3"  # outside X9.24
    CARD_VERIFICATION = "C0"
    DATA = "D0"
    DATA_ASYMMETRIC = "D1"
    DECIMALIZATION_TABLE = "D2"
    SENSITIVE_DATA = "D3"
    EMV_CRYPTOGRAMS = "E0"
    EMV_CONFIDENTIALITY = "E1"
    EMV_INTEGRITY = "E2"
    EMV_DATA_AUTHENTICATION_CODE = "E3"
    EMV_DYNAMIC_NUMBERS = "E4"
    EMV_PERSONALIZATION = "E5"
    EMV_OTHER = "E6"
    EMV_PIN_ASYMMETRIC = "E7"
    INITIALIZATION_VECTOR = "I0"
    KEY_ENCRYPTION = "K0"
    KEY_BLOCK_PROTECTION = "K1"
    TR34_ASYMMETRIC = "K2"
    KEY_AGREEMENT_ASYMMETRIC = "K3"
    KEY_BLOCK_PROTECTION_ISO_20038 = "K4"
    MAC_ISO_16609 = "M0"
    MAC_1 = "M1"  # to MAC_4: ISO/IEC 9797-1 algorithms
    MAC_2 = "M2"
    MAC_3 = "M3"
    MAC_4 = "M4"
    MAC_5_1999 = "M5"
    CMAC = "M6"
    HMAC = "M7"
    MAC_6 = "M8"
    PIN_ENCRYPTION = "P0"
    PIN_GENERATION = "P1"
    SIGNATURE = "S0"
    CERTIFICATION = "S1"
    ASYMMETRIC_OTHER = "S2"  # outside X9.24
    PIN_VERIFICATION = "V0"
    PIN_VERIFICATION_IBM_3624 = "V1"
    PIN_VERIFICATION_PVV = "V2"
    PIN_VERIFICATION_X9_132_1 = "V3"
    PIN_VERIFICATION_X9_132_2 = "V4"
    PIN_VERIFICATION_X9_132_3 = "V5"


class Algorithm(Enum):
    """What the key is a key of (table 3)."""

    AES = "A"
    DES = "D"
    ELLIPTIC_CURVE = "E"
    HMAC = "H"
    RSA = "R"
    DSA = "S"
    TDES = "T"


class Mode(Enum):
    """Which operations the key may do (table 4)."""

    ENCRYPT_DECRYPT = "B"
    GENERATE_VERIFY = "C"
    DECRYPT = "D"
    ENCRYPT = "E"
    GENERATE = "G"
    UNRESTRICTED = "N"
    SIGN = "S"
    SIGN_DECRYPT = "T"
    VERIFY = "V"
    DERIVE = "X"
    CREATE_VARIANTS = "Y"


class Exportability(Enum):
    """Whether the receiver may pass the key on (table 6)."""

    TRUSTED = "E"
    NONE = "N"
    SENSITIVE = "S"


class Context(Enum):
    """Whether the block is for storing or for exchange (table 1, once the first reserved octet)."""

    ANY = "0"
    STORAGE = "1"
    EXCHANGE = "2"


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """The key version number, two letters or digits (table 5).

    Attributes:
        text: ``00`` where versions are not used.

    Raises:
        KeyBlockError: KEYBLOCK_HEADER.
    """

    text: str = "00"

    def __post_init__(self) -> None:
        if not _KEY_VERSION.fullmatch(self.text):
            raise KeyBlockError("KEYBLOCK_HEADER", "A key version is two letters or digits")

    @property
    def is_component(self) -> bool:
        """Whether the block holds a component, to be combined with others, and no key."""
        return self.text[0] == "c"


def read_field(kind: type[_Field], text: str) -> _Field:
    """Return a field's value.

    Raises:
        KeyBlockError: KEYBLOCK_HEADER for a value that the field's table doesn't have.
    """
    try:
        return kind(text)
    except ValueError:
        raise KeyBlockError(
            "KEYBLOCK_HEADER", f"The header's {kind.__name__.lower()} has no such value"
        ) from None
