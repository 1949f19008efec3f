"""The Kafka message that one request becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from joserfc.jwk import ECKey

from cardwright.issuer.errors import RequestError
from cardwright.issuer.opaque import holds_pan
from cardwright.issuer.rows import RequestRow, violations
from cardwright.issuer.seal import seal
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest

__all__ = ["RequestMessage", "Sealer", "request_topic"]

_TYPE = "cardwright.request.v1.IssuanceRequest"


def request_topic(issuer: str) -> str:
    """Return the topic that ``issuer`` produces to."""
    return f"requests.{issuer}"


@dataclass(frozen=True, slots=True)
class RequestMessage:
    """What is produced to ``requests.<issuer>``.

    Attributes:
        key: the request id.
        value: ``IssuanceRequest``, serialized.
        headers: CloudEvents attributes, Kafka binary mode.
    """

    key: bytes
    value: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sealer:
    """An issuer with its keys at hand.

    Attributes:
        issuer: its registered name.
        signing_key: its private P-256 key.
        bureau_key: the bureau's public P-256 key, with its ``kid``.
    """

    issuer: str
    signing_key: ECKey
    bureau_key: ECKey

    def message(
        self, row: RequestRow, *, folder: Path, now: datetime, screen: bool = True
    ) -> RequestMessage:
        """Build, check and seal one request.

        Args:
            row: the request.
            folder: what its photo's path is relative to.
            now: what relative times are relative to.
            screen: look for account numbers in the request id; only a test of the bureau's own
                defence has a reason to leave that out.

        Raises:
            RequestError: REQUEST_FIELDS with the paths that the bureau would refuse,
                REQUEST_ID_IS_PAN or FILE_PHOTO.
        """
        if screen and holds_pan(row.request_id):
            raise RequestError(
                "REQUEST_ID_IS_PAN",
                "The request id could be an account number and travels in clear; use a UUID",
            )
        data = row.sensitive_data(self.issuer, folder)
        request = row.request(self.issuer, now)
        request.sealed = seal(data, self.signing_key, self.bureau_key)
        paths = (*violations(request), *(f"sealed.{path}" for path in violations(data)))
        if paths:
            raise RequestError("REQUEST_FIELDS", f"Not as docs/issuers.md asks: {', '.join(paths)}")
        return self.wrap(request)

    def wrap(self, request: IssuanceRequest) -> RequestMessage:
        """Give a finished request its key and headers."""
        return RequestMessage(
            key=request.request_id.encode(),
            value=request.SerializeToString(),
            headers={
                "ce_specversion": "1.0",
                "ce_type": _TYPE,
                "ce_source": f"/issuers/{self.issuer}",
                "ce_id": request.request_id,
                "content-type": "application/protobuf",
            },
        )
