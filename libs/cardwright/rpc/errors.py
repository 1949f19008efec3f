"""Errors that a caller can act on: a gRPC status with google.rpc details (AIP-193)."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import Message
from google.rpc import (
    code_pb2,
    error_details_pb2,
    status_pb2,
)
from grpc import StatusCode, aio

__all__ = ["DOMAIN", "RpcError", "invalid", "not_found", "read_error", "unavailable"]

_DETAILS: Final = "grpc-status-details-bin"
DOMAIN: Final = "cardwright"
"""The ``domain`` of every ErrorInfo."""


class RpcError(Exception):
    """A call that fails for a reason that has a name.

    Attributes:
        code: the reason, UPPER_SNAKE, stable across releases (ErrorInfo.reason).
        status: the gRPC status.
        details: further google.rpc messages.
    """

    def __init__(self, status: StatusCode, code: str, message: str, *details: Message) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def to_status(self) -> status_pb2.Status:
        """Return the google.rpc.Status, with an ErrorInfo before all other details."""
        made = status_pb2.Status(
            code=code_pb2.Code.Value(self.status.name), message=f"{self.code}: {self}"
        )
        info = error_details_pb2.ErrorInfo(reason=self.code, domain=DOMAIN)
        for detail in (info, *self.details):
            made.details.add().Pack(detail)
        return made


def invalid(field: str, code: str, message: str) -> RpcError:
    """INVALID_ARGUMENT, naming the field of the request in a BadRequest."""
    violation = error_details_pb2.BadRequest.FieldViolation(
        field=field, description=message, reason=code
    )
    details = error_details_pb2.BadRequest(field_violations=[violation])
    return RpcError(StatusCode.INVALID_ARGUMENT, code, message, details)


def not_found(kind: str, name: str, code: str) -> RpcError:
    """NOT_FOUND, naming the resource in a ResourceInfo."""
    details = error_details_pb2.ResourceInfo(resource_type=kind, resource_name=name)
    return RpcError(StatusCode.NOT_FOUND, code, f"There is no {kind} {name!r}.", details)


def unavailable(code: str, message: str, retry_after_s: int = 1) -> RpcError:
    """UNAVAILABLE: the same call may succeed later; RetryInfo says when."""
    details = error_details_pb2.RetryInfo()
    details.retry_delay.FromSeconds(retry_after_s)
    return RpcError(StatusCode.UNAVAILABLE, code, message, details)


def read_error(error: aio.AioRpcError) -> RpcError:
    """Read what a server of this house said; a status without ErrorInfo is coded by its name."""
    rich = _status_of(error)
    info = error_details_pb2.ErrorInfo()
    if rich is None or not rich.details or not rich.details[0].Unpack(info):
        return RpcError(error.code(), f"RPC_{error.code().name}", error.details() or "no details")
    return RpcError(error.code(), info.reason, rich.message.removeprefix(f"{info.reason}: "))


def _status_of(error: aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata():
        if key == _DETAILS and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return None
