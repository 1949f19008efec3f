"""The rules, in the order they are asked. Each is pure, says what it wants, and has a version.

A rule's name and version go into the card's first event: what let a request pass in its day can be
told for ever, so a rule that changes its answer gets a new version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cardwright.iso import luhn
from services.request.domain.model import (
    Context,
    Eligibility,
    Photo,
    Presence,
    Refused,
    Request,
)

__all__ = ["CLOCK_SKEW", "RULES", "Rule"]

CLOCK_SKEW = timedelta(minutes=5)

Check = Callable[[Request, Context], Refused | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named, versioned check: None lets the request pass."""

    name: str
    version: int
    check: Check

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


def sealed_part_belongs(request: Request, context: Context) -> Refused | None:
    """Outer message, sealed part and topic must speak of one issuer, request and kind of card."""
    issuers = {request.issuer, request.sealed_issuer, context.issuer.name}
    same_request = request.request_id == request.sealed_request_id
    if len(issuers) == 1 and same_request and request.test_card != request.sealed_test_card:
        return Refused(
            "TEST_CARD_MISMATCH",
            "Only one of message and sealed part asks for a test card; say it in both",
        )
    if len(issuers) == 1 and same_request:
        return None
    return Refused(
        "REQUEST_ISSUER_MISMATCH",
        "The sealed part is of another issuer or request; seal each request for itself",
    )


def product_known(request: Request, context: Context) -> Refused | None:
    """The product must exist."""
    if request.product in context.products:
        return None
    return Refused("PRODUCT_UNKNOWN", "The bureau makes no such product; see your registration")


def product_offered(request: Request, context: Context) -> Refused | None:
    """The issuer must be registered for the product, and the product open to the issuer."""
    reserved = context.products[request.product].issuers
    if request.product in context.issuer.products and (
        reserved is None or context.issuer.name in reserved
    ):
        return None
    return Refused(
        "PRODUCT_NOT_OFFERED", "You are not registered for this product; ask the bureau to add it"
    )


def consent_holds(request: Request, context: Context) -> Refused | None:
    """The cardholder's consent must be given, and not have ended."""
    if request.consent_given_at > context.now + CLOCK_SKEW:
        return Refused("CONSENT_NOT_YET", "The consent begins in the future; check its date")
    if request.consent_expires_at <= context.now:
        return Refused("CONSENT_EXPIRED", "The consent has ended; obtain a new one")
    return None


def parts_as_product_takes(request: Request, context: Context) -> Refused | None:
    """Photo, account, employee and address must be there or not, as the product says.

    Who knows the PIN already needs no post: an account with a PIN block may do without an address.
    """
    wanted: Eligibility = context.products[request.product].eligibility
    parts = (
        ("PHOTO", wanted.photo, request.photo is not Photo.ABSENT),
        ("ACCOUNT", wanted.account, request.has_account),
        ("EMPLOYEE", wanted.employee, request.has_employee),
        ("ADDRESS", wanted.address, request.has_address),
    )
    for part, presence, given in parts:
        name = part.lower()
        needless = part == "ADDRESS" and request.has_pin
        if presence is Presence.REQUIRED and not given and not needless:
            return Refused(f"{part}_MISSING", f"This product needs the field {name}; add it")
        if presence is Presence.NONE and given:
            return Refused(
                f"{part}_UNEXPECTED",
                f"This product takes no field {name}; leave out what it does not need",
            )
    return None


def photo_is_image(request: Request, context: Context) -> Refused | None:  # noqa: ARG001  # one shape
    """The photo, if there is one, must be an image that can be printed."""
    if request.photo is not Photo.NOT_AN_IMAGE:
        return None
    return Refused(
        "PHOTO_NOT_AN_IMAGE", "The photo is no whole JPEG or PNG of at most 24 megapixels"
    )


def account_number_ours(request: Request, context: Context) -> Refused | None:
    """A given account number must be in form and in the issuer's range."""
    if request.pan is None:
        return None
    digits = request.pan.reveal()
    if not luhn.is_valid(digits):
        return Refused("PAN_LUHN", "The account number's check digit is wrong; check the number")
    own = context.issuer.bin
    if own is None or not digits.startswith(own) or len(digits) != context.issuer.pan_length:
        return Refused("PAN_RANGE", "The account number is not in your registered range")
    return None


def expiry_ahead(request: Request, context: Context) -> Refused | None:
    """A card is good until its expiry month has ended (ISO/IEC 7813: YYMM, here of 20YY)."""
    if request.expiry is None or _month_after(request.expiry) > context.now:
        return None
    return Refused("EXPIRY_PAST", "The card would have expired already; correct the expiry")


def _month_after(expiry: str) -> datetime:
    year, month = 2000 + int(expiry[:2]), int(expiry[2:])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


RULES: Sequence[Rule] = (
    Rule("sealed-part-belongs", 2, sealed_part_belongs),
    Rule("product-known", 1, product_known),
    Rule("product-offered", 1, product_offered),
    Rule("consent-holds", 1, consent_holds),
    Rule("parts-as-product-takes", 2, parts_as_product_takes),
    Rule("photo-is-image", 1, photo_is_image),
    Rule("account-number-ours", 1, account_number_ours),
    Rule("expiry-ahead", 1, expiry_ahead),
)
