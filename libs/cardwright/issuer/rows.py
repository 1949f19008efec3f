"""One line of a request file, and the two messages that it becomes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import protovalidate
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from cardwright.issuer.errors import RequestError
from cardwright.issuer.instant import Instant
from cardwright.proto.common.v1.common_pb2 import LANE_BATCH, LANE_EXPRESS
from cardwright.proto.request.v1 import request_pb2
from cardwright.secret import SecretBytes, SecretText

__all__ = [
    "AccountRow",
    "AddressRow",
    "CardholderRow",
    "ConsentRow",
    "EmployeeRow",
    "RequestRow",
    "violations",
]

# Octets. SensitiveData would take 200,000, but three rounds of base64 (JSON, JWS, JWE) make 2.4
# characters of each, and the sealed part holds 400,000.
PHOTO_MAX = 160_000


def _secret(value: Any) -> SecretText:
    if not isinstance(value, str):
        raise ValueError("write it as text, in quotes")  # noqa: TRY004  # pydantic wants ValueError
    return SecretText(value)


def _octets(value: Any) -> SecretBytes:
    try:
        return SecretBytes(bytes.fromhex(value))
    except (TypeError, ValueError):
        raise ValueError("write octets in hexadecimal") from None


def _lines(value: Any) -> Any:
    return [line.strip() for line in value.split("|")] if isinstance(value, str) else value


def _instant(value: Any) -> Instant:
    return Instant.parse(value if isinstance(value, str) else "")


Secret = Annotated[SecretText, PlainValidator(_secret)]
When = Annotated[Instant, PlainValidator(_instant)]
Text = Annotated[str, Field(strict=True, max_length=200)]


def _whole_number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class _Row(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class ConsentRow(_Row):
    """The consent to the making of the card; see ``Consent``."""

    reference: Text
    given_at: When
    expires_at: When


class CardholderRow(_Row):
    """Who the card is for; see ``Cardholder``."""

    surname: Secret
    given_names: Secret


class AccountRow(_Row):
    """The account of a payment card; see ``Account``. What is left out, the bureau allocates.

    ``pin_block`` is hexadecimal.
    """

    pan: Secret | None = None
    pin_block: Annotated[SecretBytes, PlainValidator(_octets)] | None = None
    sequence_number: Annotated[int, BeforeValidator(_whole_number), Field(ge=0, le=99)] = 0
    expiry: Text = ""


class AddressRow(_Row):
    """Where the PIN goes by post; see ``PostalAddress``. In a cell, lines are parted by "|"."""

    lines: Annotated[tuple[Secret, ...], BeforeValidator(_lines)]
    country: Text


class EmployeeRow(_Row):
    """What a badge shows beside the name; see ``Employee``."""

    number: Text
    department: Text = ""


class RequestRow(_Row):
    """One request as an issuer writes it in a file.

    Attributes:
        request_id: the issuer's opaque reference.
        product: e.g. ``emv-debit``.
        lane: ``batch`` or ``express``.
        requested_at: now, if left out.
        consent: the cardholder's consent.
        cardholder: the person.
        account: payment cards alone.
        employee: badges alone.
        address: products with a PIN that goes by post.
        photo: path of a JPEG or PNG, relative to the request file.
        test_card: made as all others, and put through a whole transaction before it leaves.
    """

    request_id: Text
    product: Text
    lane: Literal["batch", "express"] = "batch"
    requested_at: When = Instant(None)
    consent: ConsentRow
    cardholder: CardholderRow
    account: AccountRow | None = None
    employee: EmployeeRow | None = None
    address: AddressRow | None = None
    photo: Path | None = None
    test_card: bool = False

    def request(self, issuer: str, now: datetime) -> request_pb2.IssuanceRequest:
        """Return the outer message, with ``sealed`` still empty."""
        return request_pb2.IssuanceRequest(
            request_id=self.request_id,
            issuer=issuer,
            product=self.product,
            lane=LANE_EXPRESS if self.lane == "express" else LANE_BATCH,
            requested_at=_timestamp(self.requested_at, now),
            consent=request_pb2.Consent(
                reference=self.consent.reference,
                given_at=_timestamp(self.consent.given_at, now),
                expires_at=_timestamp(self.consent.expires_at, now),
            ),
            test_card=self.test_card,
        )

    def sensitive_data(self, issuer: str, folder: Path) -> request_pb2.SensitiveData:
        """Return what is to be sealed.

        Args:
            issuer: the issuer's name.
            folder: what ``photo`` is relative to.

        Raises:
            RequestError: FILE_PHOTO, when the photo can't be read or is over 160,000 octets.
        """
        data = request_pb2.SensitiveData(
            issuer=issuer,
            request_id=self.request_id,
            cardholder=request_pb2.Cardholder(
                surname=self.cardholder.surname.reveal(),
                given_names=self.cardholder.given_names.reveal(),
            ),
            test_card=self.test_card,
        )
        if self.account is not None:
            data.account.SetInParent()
            data.account.pan = self.account.pan.reveal() if self.account.pan else ""
            data.account.sequence_number = self.account.sequence_number
            data.account.expiry = self.account.expiry
            data.account.pin_block = (
                self.account.pin_block.reveal() if self.account.pin_block else b""
            )
        if self.employee is not None:
            data.employee.number = self.employee.number
            data.employee.department = self.employee.department
        if self.address is not None:
            data.address.lines.extend(line.reveal() for line in self.address.lines)
            data.address.country = self.address.country
        if self.photo is not None:
            data.photo = _read_photo(folder / self.photo)
        return data


def violations(
    message: request_pb2.IssuanceRequest | request_pb2.SensitiveData,
) -> tuple[str, ...]:
    """Return the paths of fields that the bureau would refuse, without their values."""
    paths = [
        ".".join(element.field_name for element in item.proto.field.elements)
        for item in protovalidate.collect_violations(message)
        if item.proto.field is not None
    ]
    return tuple(dict.fromkeys(paths))


def _timestamp(instant: Instant, now: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant.resolve(now))
    return stamp


def _read_photo(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            photo = file.read(PHOTO_MAX + 1)
    except OSError:
        raise RequestError("FILE_PHOTO", "The photo can't be read; check its path") from None
    if len(photo) > PHOTO_MAX:
        raise RequestError("FILE_PHOTO", f"The photo is over {PHOTO_MAX:,} octets; send a smaller")
    return photo
