"""An EMV application profile: what all cards of it have in common, in names instead of octets.

A profile is a file ``catalogue/profiles/<name>/v<version>.yaml``. Bits are named as in
``profile_bits``, rules of cardholder verification as in ``profile_cvm``; data object lists are
lists of tags. Records are planned by ``plan``; what contradicts itself is found by ``lint``.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from cardwright.emv.dictionary import element
from cardwright.emv.errors import EmvError
from cardwright.emv.profile_parts import (
    Authentication,
    Contact,
    Contactless,
    Cryptogram,
    Currency,
    FixedRecord,
    OfflineLimits,
    PreferredName,
)
from cardwright.emv.profile_types import Digits3, Octets, Strict, Tag, UsageBits

__all__ = ["SIGNED", "Interface", "Profile", "profile_schema"]

SIGNED: Final = (
    0x5A, 0x5F24, 0x5F25, 0x5F28, 0x5F34, 0x9F07, 0x8C, 0x8D, 0x8E,
    0x9F0D, 0x9F0E, 0x9F0F, 0x9F42, 0x9F44, 0x9F4A,
)  # fmt: skip
"""What is signed unless a profile says otherwise: all that a terminal decides by."""


class Interface(Enum):
    """How a terminal reaches the application."""

    CONTACT = "contact"
    CONTACTLESS = "contactless"


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
