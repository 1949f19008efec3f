"""The sensitive part of a request, as data preparation understands it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardwright.secret import SecretBytes, SecretText

__all__ = ["Address", "CardRequest"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where post for the cardholder goes: lines as printed, and a country of ISO 3166-1."""

    lines: tuple[str, ...] = field(repr=False)
    country: str


@dataclass(frozen=True, slots=True)
class CardRequest:
    """What the issuer said about the card; fields as SensitiveData's in request.proto.

    Attributes:
        pan: None to have one allocated.
        expiry: YYMM, or empty for the product's validity.
        employee_number: empty unless the card is an employee's.
        photo: JPEG or PNG; empty if there is none.
        pin_block: the issuer's PIN under its key (ISO 9564-1, format 0 or 4); empty to draw one.
        address: none unless a PIN is to be mailed.
    """

    issuer: str
    request_id: str
    surname: SecretText
    given_names: SecretText
    pan: SecretText | None = None
    sequence_number: int = 0
    expiry: str = ""
    employee_number: SecretText = field(default_factory=lambda: SecretText(""))
    department: SecretText = field(default_factory=lambda: SecretText(""))
    photo: bytes = field(default=b"", repr=False)
    pin_block: SecretBytes = field(default_factory=lambda: SecretBytes(b""))
    address: Address | None = None
