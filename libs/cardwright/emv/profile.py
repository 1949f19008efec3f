"""An EMV application profile: what all cards of it have in common, in names instead of octets.

A profile is a file ``catalogue/profiles/<name>/v<version>.yaml``. Bits are named as in
``profile_bits``, rules of cardholder verification as in ``profile_cvm``; data object lists are
lists of tags. Records are planned by ``plan``; what contradicts itself is found by ``lint``.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from cardwright.emv.dictionary import element
from cardwright.emv.errors import EmvError
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
    UsageBits,
)

__all__ = [
    "SIGNED",
    "ActionCodes",
    "Authentication",
    "Contact",
    "Contactless",
    "Cryptogram",
    "Currency",
    "FixedRecord",
    "Interface",
    "Method",
    "OfflineLimits",
    "PreferredName",
    "Profile",
    "profile_schema",
]

SIGNED: Final = (
    0x5A, 0x5F24, 0x5F25, 0x5F28, 0x5F34, 0x9F07, 0x8C, 0x8D, 0x8E,
    0x9F0D, 0x9F0E, 0x9F0F, 0x9F42, 0x9F44, 0x9F4A,
)  # fmt: skip
"""What is signed unless a profile says otherwise: all that a terminal decides by."""


_VISA: Final = (10, 18)


class Interface(Enum):
    """How a terminal reaches the application."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


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


class Profile(Strict):
    """One version of a profile. A version that cards were made of is never changed again.

    Attributes:
        name: of its folder.
        version: counts from 1.
        aid: the application identifier that instances begin with.
        label: application label (50).
        preferred_name: the same in the issuer's own script.
        priority: 1 is the highest, 0 none (87).
        confirmation: the cardholder must confirm the application (87, b8).
        languages: the cardholder's, the dearest first, ISO 639 (5F2D).
        country: the issuer's, ISO 3166 numeric (5F28).
        currency: the account's.
        application_version: as the payment system numbers it (9F08).
        usage_control: where and for what the card may be used (9F07).
        offline_limits: velocity checking by the terminal; none to leave it out.
        pin_try_limit: wrong PINs in a row that block; none for a card that compares no PIN.
        cryptogram: how cryptograms are made; none leaves it to the application.
        authentication: offline data authentication; none for a card that does none.
        signed: tags whose records are signed.
        contact: what a terminal with contacts is told.
        contactless: what another is told; none for an application with contacts only.
        records: records that lie in a fixed place; all others are planned.
        extra: more data objects to read, such as 9F05.
        discretionary: more in the answer to SELECT (BF0C), such as 9F4D.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    version: Annotated[int, Field(ge=1)]
    aid: Annotated[Octets, Field(min_length=5, max_length=16)]
    label: Annotated[str, Field(pattern=r"^[0-9A-Za-z ]{1,16}$")]
    preferred_name: PreferredName | None = None
    priority: Annotated[int, Field(ge=0, le=15)] = 1
    confirmation: bool = False
    languages: Annotated[
        tuple[Annotated[str, Field(pattern="^[a-z]{2}$")], ...], Field(min_length=1, max_length=4)
    ]
    country: Digits3
    currency: Currency
    application_version: Annotated[Octets, Field(min_length=2, max_length=2)]
    usage_control: UsageBits
    offline_limits: OfflineLimits | None = None
    pin_try_limit: Annotated[int, Field(ge=1, le=15)] | None = None
    cryptogram: Cryptogram | None = None
    authentication: Authentication | None = None
    signed: tuple[Tag, ...] = SIGNED
    contact: Contact
    contactless: Contactless | None = None
    records: tuple[FixedRecord, ...] = ()
    extra: dict[Tag, Octets] = Field(default_factory=dict)
    discretionary: dict[Tag, Octets] = Field(default_factory=dict)

    @property
    def reference(self) -> str:
        """Name and version, as products write them: ``emv-debit-cda/v1``."""
        return f"{self.name}/v{self.version}"

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces that the application has."""
        return (Interface.CONTACT, Interface.CONTACTLESS)[: 1 if self.contactless is None else 2]

    def settings(self, interface: Interface) -> Contact:
        """Return what holds for an interface."""
        if interface is Interface.CONTACT or self.contactless is None:
            return self.contact
        own = {name: getattr(self.contactless, name) for name in Contact.model_fields}
        return self.contact.model_copy(update={k: v for k, v in own.items() if v is not None})

    @model_validator(mode="after")
    def _values_fit_their_tags(self) -> Self:
        for tag, value in (*self.extra.items(), *self.discretionary.items()):
            if not element(tag).allows(value):
                raise EmvError("PROFILE_VALUE", f"{tag:X} can't have {len(value)} octets")
        return self


def profile_schema() -> dict[str, Any]:
    """Return the JSON schema of profile files."""
    return Profile.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "EMV application profile",
    }
