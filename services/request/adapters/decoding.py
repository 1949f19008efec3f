"""From octets to what the rules judge: protobuf and JSON become domain types here."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from cardwright.bus.message import Inbound
from cardwright.issuer.opaque import holds_pan
from cardwright.issuer.rows import violations
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest, SensitiveData
from cardwright.secret import SecretBytes, SecretText
from services.request.domain.model import Photo, Request, Unusable
from services.request.errors import UndeliverableError

__all__ = ["read_outer", "read_sensitive", "to_domain"]


def read_outer(message: Inbound) -> IssuanceRequest:
    """Parse the outer message, so far that it can be attributed.

    Raises:
        UndeliverableError: REQUEST_GARBAGE, or REQUEST_ID_IS_PAN for an id or message key that must
            not travel on.
    """
    try:
        outer = IssuanceRequest.FromString(message.value)
    except DecodeError:
        raise UndeliverableError("REQUEST_GARBAGE", "The value is no IssuanceRequest") from None
    key = (message.key or b"").decode("latin-1")
    if holds_pan(outer.request_id) or holds_pan(key):
        raise UndeliverableError(
            "REQUEST_ID_IS_PAN", "The request id or message key could be an account number"
        )
    if "request_id" in violations(outer):
        raise UndeliverableError("REQUEST_GARBAGE", "The value holds no request id in form")
    return outer


def read_sensitive(payload: SecretBytes) -> SensitiveData | None:
    """Parse the signed payload; None if it is not SensitiveData in protobuf's JSON form."""
    try:
        return Parse(payload.reveal(), SensitiveData())
    except (ParseError, UnicodeDecodeError):
        return None


def to_domain(
    outer: IssuanceRequest, sensitive: SensitiveData | None, photo: Photo
) -> Request | Unusable:
    """Translate a signed request, or name the fields that are not in form."""
    given_at = _time(outer.consent.given_at)
    expires_at = _time(outer.consent.expires_at)
    if sensitive is None:
        return Unusable((*violations(outer), "sealed"))
    paths = [*violations(outer), *(f"sealed.{path}" for path in violations(sensitive))]
    if paths or given_at is None or expires_at is None:
        return Unusable(tuple(paths or ["consent"]))
    account = sensitive.account
    return Request(
        issuer=outer.issuer,
        request_id=outer.request_id,
        product=outer.product,
        consent_given_at=given_at,
        consent_expires_at=expires_at,
        sealed_issuer=sensitive.issuer,
        sealed_request_id=sensitive.request_id,
        has_account=sensitive.HasField("account"),
        pan=SecretText(account.pan) if account.pan else None,
        expiry=account.expiry or None,
        has_employee=sensitive.HasField("employee"),
        photo=photo,
        has_pin=bool(account.pin_block),
        has_address=sensitive.HasField("address"),
        test_card=outer.test_card,
        sealed_test_card=sensitive.test_card,
    )


def _time(stamp: Timestamp) -> datetime | None:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
