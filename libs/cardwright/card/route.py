"""What is to be done next for a card: one pure function of its state."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.card.events import Operation
from cardwright.card.state import Card

__all__ = ["STATION_OF", "Cancel", "Order", "Permit", "Step", "next_step"]

STATION_OF: dict[Operation, str] = {
    Operation.PREPARE: "dataprep",
    Operation.DERIVE_KEYS: "keymanagement",
    Operation.PRINT: "printing",
    Operation.ENCODE: "encoding",
    Operation.INSPECT: "qa",
    Operation.PACK: "logistics",
    Operation.DISPATCH: "logistics",
    Operation.DESTROY: "logistics",
    Operation.MAIL_PIN: "pinmailer",
}


@dataclass(frozen=True, slots=True)
class Order:
    """Hand this operation to its station."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraw the open order; its station answers in either case."""

    operation: Operation


@dataclass(frozen=True, slots=True)
class Permit:
    """Log the permission to leave; the order to dispatch follows from that."""


Step = Order | Cancel | Permit


def next_step(card: Card) -> Step | None:
    """Return what custody must see to now, or nothing.

    A revoked card's open order is withdrawn, unless it is the order to destroy. A card that waits
    for a person (held, parked) gets no order, but an order that is out may still be answered.
    """
    if card.due is None:
        return None
    if card.revoking:
        if card.due is Operation.DESTROY:
            return Order(card.due)
        return Cancel(card.due)
    if card.held or card.parked:
        return None
    if card.due is Operation.DISPATCH and not card.permitted:
        return Permit()
    return Order(card.due)
