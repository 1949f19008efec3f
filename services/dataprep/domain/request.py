"""The sensitive part of a request, as data preparation understands it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cardwright.secret import SecretText

__all__ = ["CardRequest"]


@dataclass(frozen=True, slots=True)
class CardRequest:
    """What the issuer said about the card; fields as SensitiveData's in request.proto.

    Attributes:
        pan: None to have one allocated.
        expiry: YYMM, or empty for the product's validity.
        employee_number: empty unless the card is an employee's.
        photo: JPEG or PNG; empty if there is none.
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
