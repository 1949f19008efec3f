"""A client of the query service, for the command line and for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Final, Self, TypeVar

from google.protobuf.message import Message
from grpc import StatusCode, aio

from cardwright.proto.query.v1 import query_pb2 as pb
from cardwright.proto.query.v1.query_pb2_grpc import CardQueryServiceStub
from cardwright.rpc.errors import read_error

__all__ = ["QueryClient"]

_RETRIES: Final = {
    "methodConfig": [
        {
            "name": [{"service": "cardwright.query.v1.CardQueryService"}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
_MAX_MESSAGE: Final = 16 * 1024 * 1024
_RECONNECT_S: Final = 0.2

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)


class QueryClient:
    """Asks for cards. Use as an async context manager.

    Every method raises :class:`cardwright.rpc.errors.RpcError` with the server's code.

    Args:
        address: host:port of the service.
        deadline_s: seconds that a call may take, its retries included; a watch has no deadline.
    """

    def __init__(self, address: str, *, deadline_s: float = 10.0) -> None:
        self._deadline_s = deadline_s
        self._channel = aio.insecure_channel(
            address,
            options=(
                ("grpc.service_config", json.dumps(_RETRIES)),
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                # A service that restarts is back in a second; gRPC would wait up to two minutes.
                ("grpc.initial_reconnect_backoff_ms", 50),
                ("grpc.min_reconnect_backoff_ms", 50),
                ("grpc.max_reconnect_backoff_ms", 1000),
            ),
        )
        self._stub = CardQueryServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def get(self, card_id: str) -> pb.Card:
        """Return a card by its id or as "issuer:request_id"."""
        response = await self._call(self._stub.GetCard, pb.GetCardRequest(card_id=card_id))
        return response.card

    async def batch_get(self, card_ids: Sequence[str]) -> pb.BatchGetCardsResponse:
        """Return up to 1,000 cards, and the names of those that are not there."""
        request = pb.BatchGetCardsRequest(card_ids=card_ids)
        return await self._call(self._stub.BatchGetCards, request)

    async def list(
        self,
        *,
        issuer: str = "",
        state: pb.CardState = pb.CARD_STATE_UNSPECIFIED,
        product: str = "",
        page_size: int = 500,
    ) -> AsyncGenerator[pb.Card, None]:
        """Yield all cards that fit, page by page, in the order of their ids."""
        request = pb.ListCardsRequest(
            page_size=page_size, issuer=issuer, state=state, product=product
        )
        while True:
            page = await self._call(self._stub.ListCards, request)
            for card in page.cards:
                yield card
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def custody(self, card_id: str) -> pb.GetCustodyResponse:
        """Return a card's custody record, the signed and chained bytes among it."""
        return await self._call(self._stub.GetCustody, pb.GetCustodyRequest(card_id=card_id))

    async def watch(
        self, resume_token: str = "", *, issuer: str = "", card_id: str = ""
    ) -> AsyncGenerator[pb.WatchCardsResponse, None]:
        """Yield changes without end; a connection that breaks is resumed where it broke.

        Args:
            resume_token: go on after this; "" for from now on, "0" for from the beginning.
            issuer: only this issuer's cards.
            card_id: only this card.
        """
        token = resume_token
        while True:
            request = pb.WatchCardsRequest(resume_token=token, issuer=issuer, card_id=card_id)
            call = self._stub.WatchCards(request, wait_for_ready=True)
            try:
                token = token or await _start_of(call)
                async for change in call:
                    token = change.resume_token
                    yield change
            except aio.AioRpcError as error:
                if error.code() is not StatusCode.UNAVAILABLE:
                    raise read_error(error) from None
            finally:
                call.cancel()
            await asyncio.sleep(_RECONNECT_S)

    async def _call(
        self, method: aio.UnaryUnaryMultiCallable[_Request, _Response], request: _Request
    ) -> _Response:
        try:
            return await method(request, timeout=self._deadline_s, wait_for_ready=True)
        except aio.AioRpcError as error:
            raise read_error(error) from None


async def _start_of(call: aio.UnaryStreamCall[pb.WatchCardsRequest, pb.WatchCardsResponse]) -> str:
    """Return the token at which a watch "from now on" began: the server names it at once."""
    metadata = await call.initial_metadata()
    return str(dict(metadata).get("resume-token", ""))
