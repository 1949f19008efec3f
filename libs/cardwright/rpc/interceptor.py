"""Turns the errors that a servicer raises into rich statuses, in one place."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

import grpc
from grpc import aio
from grpc_status import rpc_status

from cardwright.rpc.errors import RpcError, unavailable

__all__ = ["RichErrors"]

_log = logging.getLogger(__name__)

_Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic for type checkers alone
_Context: TypeAlias = aio.ServicerContext[Any, Any]


class RichErrors(aio.ServerInterceptor):
    """Lets servicers simply raise.

    Args:
        passing: errors of what lies behind the service that may pass: callers get UNAVAILABLE.
    """

    def __init__(self, passing: tuple[type[Exception], ...] = ()) -> None:
        self._passing = passing

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler | None:
        """Wrap the two shapes of method that this house has; gRPC calls this once a call."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None  # gRPC answers UNIMPLEMENTED
        codec = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._unary(handler.unary_unary), *codec)
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(self._stream(handler.unary_stream), *codec)
        return handler

    def _unary(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def answer(request: Any, context: _Context) -> Any:
            try:
                return await method(request, context)
            except RpcError as error:
                await _abort(context, error)
            except self._passing as error:
                await _abort(context, _away(error))

        return answer

    def _stream(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def answer(request: Any, context: _Context) -> AsyncIterator[Any]:
            try:
                async for response in method(request, context):
                    yield response
            except RpcError as error:
                await _abort(context, error)
            except self._passing as error:
                await _abort(context, _away(error))

        return answer


def _away(error: Exception) -> RpcError:
    _log.warning("a call met a passing fault: %s", type(error).__name__)
    return unavailable("BACKEND_AWAY", "What this service reads from is away: call again.")


async def _abort(context: _Context, error: RpcError) -> NoReturn:
    status = rpc_status.to_status(error.to_status())
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError("abort always raises")
