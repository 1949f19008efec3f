"""CardQueryService over gRPC. Cancelled calls end where they wait: their queries are cancelled."""

# ruff: noqa: N802, ARG002 - gRPC names the methods and hands each of them a context

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from grpc import aio

from cardwright.eventlog.codec import decode_event
from cardwright.proto.query.v1 import query_pb2 as pb
from cardwright.proto.query.v1.query_pb2_grpc import (
    CardQueryServiceServicer,
    add_CardQueryServiceServicer_to_server,
)
from cardwright.rpc.errors import invalid, not_found
from services.query.adapters.names import (
    CardName,
    parse_name,
    parse_page_token,
    parse_resume_token,
    write_page_token,
)
from services.query.adapters.store import Filters, Store
from services.query.domain import entry_message
from services.query.serving import View

__all__ = ["SERVICE", "register"]

SERVICE: Final = pb.DESCRIPTOR.services_by_name["CardQueryService"].full_name

_MOST: Final = 1_000
_PAGE: Final = 50
_WATCH_PAGE: Final = 500

_Context: TypeAlias = aio.ServicerContext[Any, Any]


def register(view: View, server: aio.Server) -> None:
    """Add the service to a server."""
    add_CardQueryServiceServicer_to_server(_Servicer(view), server)


class _Servicer(CardQueryServiceServicer):
    def __init__(self, view: View) -> None:
        self._view = view

    async def GetCard(self, request: pb.GetCardRequest, context: _Context) -> pb.GetCardResponse:
        name = parse_name(request.card_id, "card_id")
        found = await _find(self._view.store, [name])
        if name not in found:
            raise not_found("card", request.card_id, "CARD_UNKNOWN")
        return pb.GetCardResponse(card=found[name])

    async def BatchGetCards(
        self, request: pb.BatchGetCardsRequest, context: _Context
    ) -> pb.BatchGetCardsResponse:
        if len(request.card_ids) > _MOST:
            raise invalid("card_ids", "TOO_MANY", f"Ask for {_MOST} cards at the most.")
        names = {
            text: parse_name(text, f"card_ids[{index}]")
            for index, text in enumerate(request.card_ids)
        }
        found = await _find(self._view.store, list(names.values()))
        return pb.BatchGetCardsResponse(
            cards=[found[name] for name in dict.fromkeys(names.values()) if name in found],
            missing=[text for text, name in names.items() if name not in found],
        )

    async def ListCards(
        self, request: pb.ListCardsRequest, context: _Context
    ) -> pb.ListCardsResponse:
        if request.page_size < 0:
            raise invalid("page_size", "PAGE_SIZE", "A page has 1 to 1,000 cards; 0 means 50.")
        if request.state not in pb.CardState.values():
            raise invalid("state", "CARD_STATE", "This is no state of a card.")
        filters = Filters(request.issuer, request.state, request.product)
        after = parse_page_token(request.page_token, filters)
        size = min(request.page_size or _PAGE, _MOST)
        cards = await self._view.store.page(filters, after, size + 1)
        more = len(cards) > size
        return pb.ListCardsResponse(
            cards=cards[:size],
            next_page_token=write_page_token(filters, cards[size - 1].card_id) if more else "",
        )

    async def WatchCards(
        self, request: pb.WatchCardsRequest, context: _Context
    ) -> AsyncIterator[pb.WatchCardsResponse]:
        after = parse_resume_token(request.resume_token, self._view.position)
        card_id = await self._id_of(request.card_id) if request.card_id else None
        # A watcher from "now" learns where that is, even if its connection breaks before any news.
        await context.send_initial_metadata((("resume-token", str(after)),))
        while True:
            await self._view.past(after)
            store, up_to = self._view.store, self._view.position
            rows = await store.changes(after, up_to, request.issuer, card_id, _WATCH_PAGE)
            if store is not self._view.store:
                continue  # it may have been emptied for a rebuild while it was read
            for row in rows:
                yield pb.WatchCardsResponse(
                    card=pb.Card.FromString(row.answer),
                    event=row.kind,
                    resume_token=str(row.position),
                )
            after = rows[-1].position if len(rows) == _WATCH_PAGE else up_to

    async def GetCustody(
        self, request: pb.GetCustodyRequest, context: _Context
    ) -> pb.GetCustodyResponse:
        card_id = await self._id_of(request.card_id)
        bodies = await self._view.store.bodies(card_id)
        if not bodies:
            raise not_found("card", request.card_id, "CARD_UNKNOWN")
        return pb.GetCustodyResponse(
            events=bodies, entries=[entry_message(decode_event(body)) for body in bodies]
        )

    async def _id_of(self, text: str) -> UUID:
        name = parse_name(text, "card_id")
        if isinstance(name, UUID):
            return name
        found = await _find(self._view.store, [name])
        if name not in found:
            raise not_found("card", text, "CARD_UNKNOWN")
        return UUID(found[name].card_id)


async def _find(store: Store, names: Sequence[CardName]) -> dict[CardName, pb.Card]:
    """Look up cards by either kind of name, a query each."""
    ids = [name for name in names if isinstance(name, UUID)]
    requests = [name for name in names if not isinstance(name, UUID)]
    found: dict[CardName, pb.Card] = {}
    if ids:
        found |= {UUID(card.card_id): card for card in await store.cards(ids)}
    if requests:
        cards = await store.cards_of_requests(requests)
        found |= {(card.issuer, card.request_id): card for card in cards}
    return found
