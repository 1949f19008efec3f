"""What a product is: ``catalogue/products/<name>/v<version>.yaml``, checked as it is read."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from cardwright.card import Operation
from cardwright.emv.profile_types import Strict
from cardwright.iso.tracks import ServiceCode
from services.dataprep.chips import (
    ApplicationsChip,
    BadgeChip,
    EmvChip,
    KeyLabel,
    Source,
    discretionary,
)

__all__ = ["Payment", "PinData", "Product", "StripeData", "Track3Data", "product_schema"]


_MAILED = (Operation.DISPATCH, Operation.MAIL_PIN)


def _service_code(value: str) -> str:
    return ServiceCode(value).digits


def _operations(value: object) -> object:
    return tuple(Operation[name] for name in value) if isinstance(value, list) else value


def _route(value: tuple[Operation, ...]) -> tuple[Operation, ...]:
    if len(set(value)) != len(value) or {Operation.PREPARE, Operation.DESTROY} & set(value):
        raise ValueError("a route names each operation once, and neither PREPARE nor DESTROY")
    if value[-1] is not Operation.DISPATCH and value[-2:] != _MAILED:
        raise ValueError("a route ends with DISPATCH, or with DISPATCH and MAIL_PIN")
    return value


FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Payment(Strict):
    """What makes a card a payment card.

    Attributes:
        service_code: of stripe and chip (ISO/IEC 7813).
        cvk: label of the card verification key.
    """

    service_code: Annotated[str, AfterValidator(_service_code)]
    cvk: KeyLabel


class PinData(Strict):
    """A card's PIN, drawn by the security module unless the request brings one.

    Attributes:
        length: digits of one that is drawn.
        method: what the issuer verifies it by on line: Visa's PIN verification value, or IBM 3624's
            offset; leave it out for nothing.
        pvk: label of the key for that.
        pvk_index: PIN verification key indicator.
        pin_key: label of the issuer's PIN encryption key, for PINs in requests.
        mailed: a PIN that is drawn goes to the cardholder by post.
    """

    length: Annotated[int, Field(ge=4, le=12)] = 4
    method: Literal["pvv", "ibm3624"] | None = None
    pvk: KeyLabel | None = None
    pvk_index: Annotated[int, Field(ge=0, le=6)] = 1
    pin_key: KeyLabel | None = None
    mailed: bool = True

    @model_validator(mode="after")
    def _method_has_a_key(self) -> Self:
        if (self.method is None) != (self.pvk is None):
            raise ValueError("a method and its key pvk belong together")
        return self


Digits = Annotated[str, Field(pattern="^[0-9]*$")]


class Track3Data(Strict):
    """What track 3 says beside account number, expiry and card sequence number (ISO/IEC 4909).

    Attributes:
        country: ISO 3166, three digits.
        currency: ISO 4217, three digits.
        exponent: one digit.
        amount: authorized per cycle, four digits; at first all of it remains.
        cycle_length: two digits.
        retry_count: wrong PINs that a terminal allows, one digit.
        interchange_control: one digit.
        service: type of account and restrictions, two digits.
    """

    country: Annotated[Digits, Field(min_length=3, max_length=3)]
    currency: Annotated[Digits, Field(min_length=3, max_length=3)]
    exponent: Annotated[Digits, Field(min_length=1, max_length=1)] = "0"
    amount: Annotated[Digits, Field(min_length=4, max_length=4)] = "0000"
    cycle_length: Annotated[Digits, Field(min_length=2, max_length=2)] = "00"
    retry_count: Annotated[Digits, Field(min_length=1, max_length=1)] = "3"
    interchange_control: Annotated[Digits, Field(min_length=1, max_length=1)] = "0"
    service: Annotated[Digits, Field(min_length=2, max_length=2)] = "00"


class StripeData(Strict):
    """What the stripe holds beside what standards say.

    Attributes:
        track1: the issuer's discretionary data: ``{cvv}`` stands for the verification value,
            ``{pvki}`` and ``{pvv}``, or ``{offset}``, for what verifies the PIN.
        track2: likewise.
        track3: leave it out for none.
        coercivity: of the blank's stripe (ISO/IEC 7811-6 or 7811-2).
    """

    track1: Annotated[str, AfterValidator(lambda text: discretionary(text, "cvv", "[0-9A-Z ]", 21))]
    track2: Annotated[str, AfterValidator(lambda text: discretionary(text, "cvv", "[0-9]", 10))]
    track3: Track3Data | None = None
    coercivity: Literal["hico", "loco"] = "hico"


class Product(Strict):
    """One version of a product. A version that cards were made of is never changed again.

    Attributes:
        name: as issuers order it.
        version: counts from 1.
        state: a draft is read and checked, and no card is made of it.
        material: the blank to take.
        design: artwork, name and version.
        max_attempts: blanks that may be spent before a person must look.
        validity_months: until expiry, where the request names none; and the most it may name.
        route: the operations to come.
        print: the design's field to the card's.
        photo: the design needs a portrait.
        barcode: the field that the machine-readable codes hold.
        payment: for payment cards.
        stripe: for cards with one.
        pin: for cards with one.
        chip: the application, or several.
        keys: usage of a card key to the label of the master key it derives from; where there are
            several applications, each has its own.
        eligibility: what a request must bring; read by the request service alone.
        issuers: whom the product is reserved for; likewise.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    version: Annotated[int, Field(ge=1)]
    state: Literal["draft", "active"] = "active"
    material: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    design: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}/v[1-9][0-9]*$")]
    max_attempts: Annotated[int, Field(ge=1, le=10)]
    validity_months: Annotated[int, Field(ge=1, le=240)]
    route: Annotated[
        tuple[Operation, ...],
        BeforeValidator(_operations),
        Field(min_length=1),
        AfterValidator(_route),
        WithJsonSchema(
            {
                "type": "array",
                "items": {"enum": [each.name for each in Operation]},
                "minItems": 1,
            }
        ),
    ]
    print: dict[FieldName, Source]
    photo: bool = False
    barcode: Source
    payment: Payment | None = None
    stripe: StripeData | None = None
    pin: PinData | None = None
    chip: Annotated[EmvChip | BadgeChip | ApplicationsChip, Field(discriminator="kind")]
    keys: dict[str, KeyLabel] = Field(default_factory=dict)
    eligibility: dict[str, Any] = Field(default_factory=dict)
    issuers: frozenset[str] | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.payment is None and (self.stripe is not None or self.chip.kind != "badge"):
            raise ValueError("a stripe or an EMV chip needs the payment section")
        if bool(self.keys) == isinstance(self.chip, ApplicationsChip):
            raise ValueError("keys are the product's, or each application's where it has several")
        if self.payment is None and self.sources & {"cvv2", "pan_groups"}:
            raise ValueError("cvv2 and pan_groups are fields of payment cards")
        if "credential_bits" in (*self.print.values(), self.barcode):
            raise ValueError("credential_bits are for the chip alone: show credential_number")
        self._check_pin()
        return self

    @property
    def credential(self) -> bool:
        """Cards of it get a number of their issuer's ``credential_range``."""
        return not self.sources.isdisjoint({"credential_bits", "credential_number"})

    def _check_pin(self) -> None:
        if self.pin is not None and self.payment is None:
            raise ValueError("a PIN needs the payment section")
        mailed = self.pin is not None and self.pin.mailed
        if mailed != (Operation.MAIL_PIN in self.route):
            raise ValueError("a PIN that is mailed, and MAIL_PIN in the route, belong together")
        method = self.pin.method if self.pin else None
        for name, wanted in (("pvv", "pvv"), ("pvki", "pvv"), ("offset", "ibm3624")):
            if method != wanted and any(f"{{{name}}}" in text for text in self.templates):
                raise ValueError(f"{{{name}}} in discretionary data needs pin.method {wanted}")

    @property
    def templates(self) -> tuple[str, ...]:
        """The discretionary data of stripe and chip."""
        stripe = (self.stripe.track1, self.stripe.track2) if self.stripe else ()
        match self.chip:
            case ApplicationsChip():
                return (*stripe, *(item.track2 for item in self.chip.applications))
            case EmvChip():
                return (*stripe, self.chip.track2)
        return stripe

    @cached_property
    def sources(self) -> frozenset[Source]:
        """All fields that the product shows or stores somewhere."""
        records = self.chip.records if isinstance(self.chip, BadgeChip) else ()
        stored = (source for record in records for source in record.objects.values())
        return frozenset((*self.print.values(), *stored, self.barcode))


def product_schema() -> dict[str, Any]:
    """Return the JSON schema of product files."""
    return Product.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Product",
    }
