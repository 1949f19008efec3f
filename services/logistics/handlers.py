"""The desks of logistics, and the bench that destroys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cardwright.card import Body
from cardwright.card.events import Dispatched, Disposition, OperationFailed, Packed
from cardwright.station.ports import Answer, Device, Transaction, WorkOrder
from services.logistics.adapters.boxes import BoxStore, PackedCard
from services.logistics.adapters.stock import Fate, count_blanks

__all__ = ["DestroyBench", "DispatchDesk", "PackDesk"]

PERMIT_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class PackDesk:
    """Puts cards into boxes. ``changed`` is set so that closed boxes get their labels."""

    boxes: BoxStore
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, orders: Sequence[WorkOrder], tx: Transaction) -> Sequence[Answer]:
        """State each card's box and slot."""
        places = await self.boxes.pack(tx, orders)
        self.changed.set()
        return [
            Answer(order.order_id, Packed(*places[order.card_id, order.attempt]))
            for order in orders
        ]


@dataclass(frozen=True, slots=True)
class DispatchDesk:
    """Lets cards leave that custody permits to leave, and no others."""

    boxes: BoxStore
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, orders: Sequence[WorkOrder], tx: Transaction) -> Sequence[Answer]:
        """State that each card has left, or why it stays: then a person must look at it."""
        packed = await self.boxes.packed(tx, orders)
        verdicts = {
            order.order_id: _verdict(order, packed.get((order.card_id, order.attempt)))
            for order in orders
        }
        leaving = [
            order
            for order in orders
            if isinstance(verdicts[order.order_id], Dispatched)
            and packed[order.card_id, order.attempt].left_as is None
        ]
        if leaving:
            await self.boxes.dispatch(tx, leaving)
            await count_blanks(tx, leaving, Fate.DISPATCHED)
            self.changed.set()
        return [Answer(order.order_id, verdicts[order.order_id]) for order in orders]


def _verdict(order: WorkOrder, packed: PackedCard | None) -> Body:
    if len(order.permit) != PERMIT_LENGTH:
        return _stays("DISPATCH_NOT_PERMITTED", "The order carries no permit of custody", order)
    if packed is None:
        return _stays("NOT_PACKED", "This card lies in no box: look for it", order)
    if packed.place.sscc != order.sscc:
        return _stays("WRONG_BOX", "This card lies in another box than the order names", order)
    if packed.left_as not in {None, order.attempt}:
        return _stays("DISPATCHED_BEFORE", "Another piece of this card has left already", order)
    return Dispatched(order.sscc, order.permit)


def _stays(code: str, detail: str, order: WorkOrder) -> OperationFailed:
    return OperationFailed(code, detail, Disposition.UNCERTAIN, order.blank_serial)


@dataclass(frozen=True, slots=True)
class DestroyBench:
    """Feeds the shredders; an order needs nothing else."""

    devices: Sequence[Device[None]]

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, None]:
        """Return nothing for each order."""
        return dict.fromkeys((order.order_id for order in orders), None)
