"""The terms in which requests are judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from cardwright.secret import SecretText

__all__ = [
    "Context",
    "Eligibility",
    "Issuer",
    "Photo",
    "Presence",
    "Product",
    "Refused",
    "Request",
    "Unusable",
]


class Presence(StrEnum):
    """Whether a product takes a part of the sensitive data.

    ``NONE`` refuses the part: what a product does not need, the bureau does not want to hold.
    """

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class Photo(Enum):
    """What the photo's octets are."""

    ABSENT = auto()
    IMAGE = auto()
    NOT_AN_IMAGE = auto()


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What a product takes; an address that it requires is for the post of a PIN."""

    photo: Presence
    account: Presence
    employee: Presence
    address: Presence = Presence.NONE


@dataclass(frozen=True, slots=True)
class Product:
    """A product as far as a request is concerned.

    Attributes:
        name: e.g. ``emv-debit``.
        eligibility: the parts it takes.
        issuers: whom it is reserved for; None for every issuer that is registered for it.
    """

    name: str
    eligibility: Eligibility
    issuers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer's registration as far as a request is concerned.

    Attributes:
        name: as in its topic.
        products: what it may order.
        bin: the beginning of its account numbers; None if it issues none.
        pan_length: how many digits they have.
    """

    name: str
    products: frozenset[str]
    bin: str | None = None
    pan_length: int = 16


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose envelope is open, whose signature holds and whose fields are in form.

    Attributes:
        issuer: as the outer message says.
        request_id: likewise.
        product: likewise.
        consent_given_at: with zone.
        consent_expires_at: with zone.
        sealed_issuer: as the sealed part says.
        sealed_request_id: likewise.
        has_account: an account was given, even an empty one.
        pan: None to have one allocated.
        expiry: YYMM; None to have the product's validity applied.
        has_employee: an employee was given.
        photo: what the photo is.
        has_pin: a PIN block was given.
        has_address: an address was given.
        test_card: a test card is wanted, as the outer message says.
        sealed_test_card: as the sealed part says.
    """

    issuer: str
    request_id: str
    product: str
    consent_given_at: datetime
    consent_expires_at: datetime
    sealed_issuer: str
    sealed_request_id: str
    has_account: bool = False
    pan: SecretText | None = None
    expiry: str | None = None
    has_employee: bool = False
    photo: Photo = Photo.ABSENT
    has_pin: bool = False
    has_address: bool = False
    test_card: bool = False
    sealed_test_card: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """A signed request with fields that are not in form, by path."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a request is judged by.

    Attributes:
        issuer: whose topic it came on.
        products: all that the bureau makes, by name.
        now: with zone.
    """

    issuer: Issuer
    products: Mapping[str, Product]
    now: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request becomes no card, in words without personal data."""

    code: str
    detail: str
