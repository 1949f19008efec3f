"""The parts of an EMV application profile: each a few settings that belong together."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from cardwright.emv.profile_cvm import CvmList
from cardwright.emv.profile_dol import Dol
from cardwright.emv.profile_types import (
    AipBits,
    Bits,
    DataObjects,
    Digits3,
    Exponent,
    Octets,
    Strict,
    Tag,
    TvrBits,
)

__all__ = [
    "ActionCodes",
    "Authentication",
    "Contact",
    "Contactless",
    "Cryptogram",
    "Currency",
    "FixedRecord",
    "Method",
    "OfflineLimits",
    "PreferredName",
]

_VISA: Final = (10, 18)


class Method(Enum):
    """Offline data authentication (Book 3, 10.3), the strongest that the application does."""

    SDA = "SDA"
    DDA = "DDA"
    CDA = "CDA"


class PreferredName(Strict):
    """The application's name in the issuer's own script (9F12, 9F11).

    Attributes:
        text: 1 to 16 characters.
        code_table: part of ISO/IEC 8859 that has them, 1 to 10 (Book 3, table 45).
    """

    text: Annotated[str, Field(min_length=1, max_length=16)]
    code_table: Annotated[int, Field(ge=1, le=10)]

    def encode(self) -> bytes:
        """Return the value of tag 9F12."""
        return self.text.encode(f"iso8859-{self.code_table}")

    @model_validator(mode="after")
    def _has_a_coding(self) -> Self:
        self.encode()  # UnicodeEncodeError is a ValueError
        return self


class Currency(Strict):
    """The account's currency: ISO 4217 code (9F42) and minor digits (9F44)."""

    code: Digits3
    exponent: Annotated[int, Field(ge=0, le=9)] = 2


class OfflineLimits(Strict):
    """Transactions in a row off line: before one should go on line (9F14), and at most (9F23)."""

    lower: Annotated[int, Field(ge=0, le=255)]
    upper: Annotated[int, Field(ge=0, le=255)]


class Cryptogram(Strict):
    """How cryptograms are made, as 9F10 tells the issuer.

    Attributes:
        version: Visa's 10 or 18, or 5 (triple DES) or 6 (AES) of EMV's common core definitions.
        key_index: which of the issuer's keys.
    """

    version: Literal[5, 6, 10, 18]
    key_index: Annotated[int, Field(ge=0, le=255)] = 1

    def issuer_application_data(self) -> bytes:
        """Return 9F10 as a new card has it, its verification results empty.

        Visa's is length, key, version, results; EMV's is Book 3, C9.1.
        """
        if self.version in _VISA:
            return bytes((6, self.key_index, self.version, 3)) + bytes(3)
        results_and_counters = bytes(13)
        head = bytes((0x0F, 0xA0 | self.version, self.key_index))
        return head + results_and_counters + b"\x0f" + bytes(15)


class Authentication(Strict):
    """Offline data authentication by RSA (Book 2, 5 to 7): who signs, with how long a key.

    Attributes:
        method: the strongest that the application does.
        ca_key_index: which key of the payment system's authority (8F).
        ca_bits: its modulus; it is the length of the issuer's certificate.
        issuer_bits: the issuer's modulus; the length of the card's certificates.
        icc_bits: the card's own modulus; none for SDA.
        pin_bits: the modulus of a PIN encipherment key, if it is not the card's own.
        issuer_exponent: the issuer's public exponent.
        icc_exponent: the card's.
        sign_aip: the application interchange profile is signed too (9F4A).
        ddol: what INTERNAL AUTHENTICATE asks of the terminal (9F49); empty for its default.
    """

    method: Method
    ca_key_index: Annotated[Octets, Field(min_length=1, max_length=1)]
    ca_bits: Bits
    issuer_bits: Bits
    icc_bits: Bits | None = None
    pin_bits: Bits | None = None
    issuer_exponent: Exponent = 3
    icc_exponent: Exponent = 3
    sign_aip: bool = True
    ddol: DataObjects = Dol.of(["9F37"])


class ActionCodes(Strict):
    """Issuer action codes (Book 3, 10.7): named bits of the TVR, or octets.

    Attributes:
        denial: decline without asking (9F0E).
        online: ask the issuer (9F0F).
        default: decline if the issuer can't be asked (9F0D).
    """

    denial: TvrBits
    online: TvrBits
    default: TvrBits


class Contact(Strict):
    """What holds for an interface; for contactless, wherever that does not say otherwise.

    Attributes:
        aip: application interchange profile (82).
        pdol: what GET PROCESSING OPTIONS asks (9F38).
        cvm: cardholder verification (8E).
        action_codes: when to ask the issuer, and when to decline.
        cdol1: what the first cryptogram asks (8C).
        cdol2: what the second asks (8D).
    """

    aip: AipBits
    pdol: DataObjects = Dol(())
    cvm: CvmList | None = None
    action_codes: ActionCodes
    cdol1: DataObjects
    cdol2: DataObjects


class Contactless(Strict):
    """What contactless has for itself: what is not said is as on contact.

    Attributes:
        kernel: the international kernel to use (9F2A, Contactless Book B table 3-4).
    """

    kernel: Annotated[int, Field(ge=1, le=63)] | None = None
    aip: AipBits
    pdol: DataObjects | None = None
    cvm: CvmList | None = None
    action_codes: ActionCodes | None = None
    cdol1: DataObjects | None = None
    cdol2: DataObjects | None = None


class FixedRecord(Strict):
    """A record that lies where a payment system wants it, with these data objects in this order."""

    file: Annotated[int, Field(ge=1, le=10)]
    number: Annotated[int, Field(ge=1, le=255)]
    tags: Annotated[tuple[Tag, ...], Field(min_length=1)]
