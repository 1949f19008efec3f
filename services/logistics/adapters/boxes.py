"""SQL of boxes: who lies where, and what has left. A batch costs the same round trips as a card."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from cardwright.station.ports import Transaction, WorkOrder
from services.logistics.domain import Box, Capacity, Contents, Numbering, Place, fill

__all__ = ["BoxStore", "PackedCard", "Piece"]

Piece = tuple[str, int]
"""A physical card: card id and attempt."""


class PackedCard(NamedTuple):
    """Where a card lies, and with which attempt the card left the house, if it did."""

    place: Place
    left_as: int | None


class BoxStore:
    """Packs cards into boxes.

    Args:
        numbering: how boxes are numbered.
        capacity: cards a box takes.
    """

    def __init__(self, numbering: Numbering, capacity: Capacity) -> None:
        self._numbering, self._capacity = numbering, capacity

    async def pack(self, tx: Transaction, orders: Sequence[WorkOrder]) -> Mapping[Piece, Place]:
        """Give each card a slot; a card that has one keeps it."""
        serial = await self._lock(tx)
        known = await self.packed(tx, orders)
        cards: dict[Contents, list[WorkOrder]] = {}
        for order in orders:
            if _piece(order) not in known:
                contents = Contents(order.issuer, order.product, order.express, order.test_card)
                cards.setdefault(contents, []).append(order)
        places = {piece: card.place for piece, card in known.items()}
        if not cards:
            return places
        opened: list[Box] = []

        def new_box(contents: Contents) -> Box:
            sscc = self._numbering.sscc(serial + len(opened))
            opened.append(Box(sscc, contents, self._capacity.of(contents)))
            return opened[-1]

        fresh, boxes = fill(cards, await _open_boxes(tx, cards), new_box)
        await self._store(tx, boxes, fresh, serial + len(opened))
        return places | {_piece(order): place for order, place in fresh}

    async def packed(
        self, tx: Transaction, orders: Sequence[WorkOrder]
    ) -> Mapping[Piece, PackedCard]:
        """Return where cards lie; a card that is in no box is left out."""
        rows = await tx.fetch(
            "SELECT p.card_id, p.attempt, p.sscc, p.slot, d.attempt AS left_as"
            " FROM unnest($1::uuid[], $2::integer[]) AS n(card_id, attempt)"
            " JOIN packed AS p USING (card_id, attempt) LEFT JOIN dispatch AS d USING (card_id)"
            " WHERE p.removed_at IS NULL",
            *_columns(orders),
        )
        return {
            (str(row["card_id"]), row["attempt"]): PackedCard(
                Place(row["sscc"], row["slot"]), row["left_as"]
            )
            for row in rows
        }

    async def dispatch(self, tx: Transaction, orders: Sequence[WorkOrder]) -> None:
        """Note that these packed cards leave, and close their boxes: nobody packs into them now."""
        boxes = sorted({order.sscc for order in orders})
        await tx.execute(
            "INSERT INTO dispatch (card_id, attempt, sscc, permit)"
            " SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::bytea[])",
            *_columns(orders),
            [order.sscc for order in orders],
            [order.permit for order in orders],
        )
        await tx.execute(
            "UPDATE box SET closed_at = now() WHERE sscc = ANY($1::text[]) AND closed_at IS NULL",
            boxes,
        )

    async def _lock(self, tx: Transaction) -> int:
        """Return the next serial; whoever else packs waits until this transaction ends."""
        serial = await tx.fetchval(
            "INSERT INTO sscc_counter AS c (prefix, next) VALUES ($1, 0)"
            " ON CONFLICT (prefix) DO UPDATE SET next = c.next RETURNING next",
            f"{self._numbering.extension}{self._numbering.prefix}",
        )
        return int(serial)

    async def _store(
        self,
        tx: Transaction,
        boxes: Sequence[Box],
        fresh: Sequence[tuple[WorkOrder, Place]],
        next_serial: int,
    ) -> None:
        await tx.execute(
            "WITH counted AS (UPDATE sscc_counter SET next = $9 WHERE prefix = $8)"
            " INSERT INTO box"
            " (sscc, issuer, product, express, test_cards, capacity, filled, closed_at)"
            " SELECT s, i, p, e, t, c, f, CASE WHEN f >= c THEN now() END FROM unnest("
            " $1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::integer[],"
            " $7::integer[]) AS n(s, i, p, e, t, c, f)"
            " ON CONFLICT (sscc) DO UPDATE"
            " SET filled = EXCLUDED.filled, closed_at = EXCLUDED.closed_at",
            [box.sscc for box in boxes],
            [box.contents.issuer for box in boxes],
            [box.contents.product for box in boxes],
            [box.contents.express for box in boxes],
            [box.contents.test_cards for box in boxes],
            [box.capacity for box in boxes],
            [box.filled for box in boxes],
            f"{self._numbering.extension}{self._numbering.prefix}",
            next_serial,
        )
        await tx.execute(
            "INSERT INTO packed (card_id, attempt, sscc, slot)"
            " SELECT * FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[])",
            *_columns([order for order, _ in fresh]),
            [place.sscc for _, place in fresh],
            [place.slot for _, place in fresh],
        )


async def _open_boxes(tx: Transaction, contents: Collection[Contents]) -> Mapping[Contents, Box]:
    rows = await tx.fetch(
        "SELECT sscc, issuer, product, express, test_cards, capacity, filled FROM box"
        " JOIN unnest($1::text[], $2::text[], $3::boolean[], $4::boolean[])"
        " AS n(issuer, product, express, test_cards)"
        " USING (issuer, product, express, test_cards) WHERE closed_at IS NULL",
        *map(list, zip(*contents, strict=True)),
    )
    boxes = (
        Box(
            row["sscc"],
            Contents(row["issuer"], row["product"], row["express"], row["test_cards"]),
            row["capacity"],
            row["filled"],
        )
        for row in rows
    )
    return {box.contents: box for box in boxes}


def _piece(order: WorkOrder) -> Piece:
    return order.card_id, order.attempt


def _columns(orders: Sequence[WorkOrder]) -> tuple[list[str], list[int]]:
    return [order.card_id for order in orders], [order.attempt for order in orders]
