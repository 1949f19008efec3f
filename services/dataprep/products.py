"""What a product is: ``catalogue/products/<name>/v<version>.yaml``, checked as it is read."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cardwright.card import Operation
from cardwright.emv.profile_types import Strict
from cardwright.iso.tracks import ServiceCode
from services.dataprep.chips import ApplicationsChip, BadgeChip, EmvChip, KeyLabel, Source

__all__ = ["Payment", "Product", "StripeData"]


def _service_code(value: str) -> str:
    return ServiceCode(value).digits


def _operations(value: object) -> object:
    return tuple(Operation[name] for name in value) if isinstance(value, list) else value


def _route(value: tuple[Operation, ...]) -> tuple[Operation, ...]:
    if len(set(value)) != len(value) or {Operation.PREPARE, Operation.DESTROY} & set(value):
        raise ValueError("a route names each operation once, and neither PREPARE nor DESTROY")
    if value[-1] is not Operation.DISPATCH:
        raise ValueError("a route ends with DISPATCH")
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


class StripeData(Strict):
    """The issuer's discretionary data by track; ``{cvv}`` stands for the verification value.

    With an account number of 19 digits, track 2 has room for 10 digits (ISO/IEC 7813).
    """

    track1: Annotated[str, Field(pattern=r"^[0-9A-Z ]{0,9}\{cvv\}[0-9A-Z ]{0,9}$")]
    track2: Annotated[str, Field(pattern=r"^[0-9]{0,7}\{cvv\}[0-9]{0,7}$", max_length=12)]


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
    ]
    print: dict[FieldName, Source]
    photo: bool = False
    barcode: Source
    payment: Payment | None = None
    stripe: StripeData | None = None
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
        return self

    @property
    def credential(self) -> bool:
        """Cards of it get a number of their issuer's ``credential_range``."""
        return not self.sources.isdisjoint({"credential_bits", "credential_number"})

    @cached_property
    def sources(self) -> frozenset[Source]:
        """All fields that the product shows or stores somewhere."""
        records = self.chip.records if isinstance(self.chip, BadgeChip) else ()
        stored = (source for record in records for source in record.objects.values())
        return frozenset((*self.print.values(), *stored, self.barcode))
