"""What a product is: ``catalogue/products/<name>/v<version>.yaml``, checked as it is read."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cardwright.card import Operation
from cardwright.emv.application import EmvProfile
from cardwright.iso import tlv
from cardwright.iso.tracks import ServiceCode

__all__ = ["BadgeChip", "EmvChip", "Payment", "Product", "RecordSpec", "Source", "StripeData"]

Source = Literal[
    "card_id",
    "cvv2",
    "department",
    "employee_number",
    "expiry_date",
    "expiry_mmyy",
    "full_name",
    "issuer_name",
    "name",
    "pan_groups",
    "stripe_name",
]
"""Fields that a card has to offer; ``services.dataprep.domain.fields`` computes them."""


def _octets(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("hexadecimal digits in quotes are expected")  # noqa: TRY004  # pydantic's
    return bytes.fromhex(value)


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


Octets = Annotated[bytes, BeforeValidator(_octets)]
Aid = Annotated[Octets, Field(min_length=5, max_length=16)]
KeyLabel = Annotated[str, Field(pattern=r"^(\{issuer\}|[a-z][a-z0-9-]*)/[A-Z0-9-]+#[1-9][0-9]*$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class _Strict(BaseModel):
    """An unknown key is an error: a misspelt setting must not be silently without effect."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Payment(_Strict):
    """What makes a card a payment card.

    Attributes:
        service_code: of stripe and chip (ISO/IEC 7813).
        cvk: label of the card verification key.
    """

    service_code: Annotated[str, AfterValidator(_service_code)]
    cvk: KeyLabel


class StripeData(_Strict):
    """The issuer's discretionary data by track; ``{cvv}`` stands for the verification value.

    With an account number of 19 digits, track 2 has room for 10 digits (ISO/IEC 7813).
    """

    track1: Annotated[str, Field(pattern=r"^[0-9A-Z ]{0,9}\{cvv\}[0-9A-Z ]{0,9}$")]
    track2: Annotated[str, Field(pattern=r"^[0-9]{0,7}\{cvv\}[0-9]{0,7}$", max_length=12)]


class _Chip(_Strict):
    """Which application goes onto the chip, and the chip vendor's transport key for it."""

    module_aid: Aid
    instance_aid: Aid
    kmc: KeyLabel
    label: Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[ -~]+$")]


class EmvChip(_Chip):
    """An EMV application; the values are those of ``cardwright.emv.application.EmvProfile``.

    ``track2`` is the discretionary part of track 2 equivalent data, ``{icvv}`` within.
    """

    kind: Literal["emv"]
    priority: int = 1
    language: str
    aip: Octets
    currency: str
    currency_exponent: int = 2
    country: str
    cvm_list: Octets
    iac_default: Octets
    iac_denial: Octets
    iac_online: Octets
    cdol1: Octets
    cdol2: Octets
    pdol: Octets = b""
    usage_control: Octets
    application_version: Octets
    track2: Annotated[str, Field(pattern=r"^[0-9]{0,7}\{icvv\}[0-9]{0,7}$", max_length=13)]

    @cached_property
    def profile(self) -> EmvProfile:
        """The part of the application that all cards of the product share."""
        own = {"kind", "module_aid", "instance_aid", "kmc", "track2"}
        return EmvProfile(aid=self.instance_aid, **self.model_dump(exclude=own))

    @model_validator(mode="after")
    def _is_a_profile(self) -> Self:
        # EmvError is a ValueError: a bad profile is refused when it is read, not card by card.
        _ = self.profile
        return self


def _tag(text: str) -> str:
    tlv.encode(int(text, 16), b"")
    return text


Tag = Annotated[str, Field(pattern="^([0-9A-F]{2}){1,2}$"), AfterValidator(_tag)]


class RecordSpec(_Strict):
    """One record of a badge: tags (hexadecimal) to the fields that they hold, in UTF-8."""

    sfi: Annotated[int, Field(ge=1, le=10)]
    number: Annotated[int, Field(ge=1, le=254)]
    objects: dict[Tag, Source]


class BadgeChip(_Chip):
    """A badge credential: records to read, and a key (of key management) to answer with."""

    kind: Literal["badge"]
    records: Annotated[tuple[RecordSpec, ...], Field(min_length=1)]


class Product(_Strict):
    """One version of a product. A version that cards were made of is never changed again.

    Attributes:
        name: as issuers order it.
        version: counts from 1.
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
        chip: the application.
        keys: usage of a card key to the label of the master key it derives from.
        eligibility: what a request must bring; read by the request service alone.
        issuers: whom the product is reserved for; likewise.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    version: Annotated[int, Field(ge=1)]
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
    chip: Annotated[EmvChip | BadgeChip, Field(discriminator="kind")]
    keys: Annotated[dict[str, KeyLabel], Field(min_length=1)]
    eligibility: dict[str, Any] = {}
    issuers: frozenset[str] | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.payment is None and (self.stripe is not None or self.chip.kind == "emv"):
            raise ValueError("a stripe or an EMV chip needs the payment section")
        if self.payment is None and self.sources & {"cvv2", "pan_groups"}:
            raise ValueError("cvv2 and pan_groups are fields of payment cards")
        return self

    @cached_property
    def sources(self) -> frozenset[Source]:
        """All fields that the product shows or stores somewhere."""
        records = self.chip.records if isinstance(self.chip, BadgeChip) else ()
        stored = (source for record in records for source in record.objects.values())
        return frozenset((*self.print.values(), *stored, self.barcode))
