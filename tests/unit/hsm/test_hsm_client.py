from __future__ import annotations

import pytest
from grpc import StatusCode, aio

from cardwright.hsm.client import _call_error


@pytest.mark.parametrize(
    ("status", "details", "code"),
    [
        (StatusCode.PERMISSION_DENIED, "HSM_DENIED: printing may not agree.", "HSM_DENIED"),
        (StatusCode.INVALID_ARGUMENT, "CVV_INPUT: a CVV needs a PAN", "CVV_INPUT"),
        (StatusCode.UNAVAILABLE, "failed to connect: refused", "HSM_UNAVAILABLE"),
        (StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", "HSM_UNAVAILABLE"),
        (StatusCode.UNKNOWN, "Unexpected <class 'ValueError'>: 9999990000000007", "HSM_CALL"),
        (StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max", "HSM_CALL"),
        (StatusCode.UNKNOWN, None, "HSM_CALL"),
    ],
)
def test_an_error_has_the_modules_code_and_never_what_the_transport_says(
    status: StatusCode, details: str | None, code: str
) -> None:
    error = _call_error(aio.AioRpcError(status, aio.Metadata(), aio.Metadata(), details))
    assert error.code == code
    assert "9999990000000007" not in str(error)
