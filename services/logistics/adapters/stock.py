"""SQL of stock: where each blank went in the end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import asyncpg

from cardwright.station.ports import Transaction, WorkOrder
from services.logistics.domain import lot_of

__all__ = ["Fate", "Shreds", "count_blanks"]


class Fate(StrEnum):
    """How a blank leaves the stock."""

    DISPATCHED = "dispatched"
    DESTROYED = "destroyed"


async def count_blanks(tx: Transaction, orders: Sequence[WorkOrder], fate: Fate) -> None:
    """Count the blanks of these cards; a blank that is counted already stays as it is."""
    known = [order for order in orders if order.blank_serial]
    await tx.execute(
        "INSERT INTO stock_ledger (blank_serial, lot, fate, card_id, attempt)"
        " SELECT b, l, $5, c, a"
        " FROM unnest($1::text[], $2::text[], $3::uuid[], $4::integer[]) AS n(b, l, c, a)"
        " ON CONFLICT (blank_serial) DO NOTHING",
        [order.blank_serial for order in known],
        [lot_of(order.blank_serial) for order in known],
        [order.card_id for order in known],
        [order.attempt for order in known],
        fate,
    )


class Shreds:
    """Counts what the shredder did: the blank out of the stock, the card out of its box."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def destroyed(self, order: WorkOrder) -> None:
        """Count one card, once however often it is told."""
        async with self._pool.acquire() as connection, connection.transaction():
            await count_blanks(connection, [order], Fate.DESTROYED)
            await connection.execute(
                "UPDATE packed SET removed_at = now()"
                " WHERE card_id = $1 AND attempt = $2 AND removed_at IS NULL",
                order.card_id,
                order.attempt,
            )
