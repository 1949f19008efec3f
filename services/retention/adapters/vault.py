"""The vault from below: whose rows and data keys are there, and their destruction; no content."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from cardwright.vault.vault import SECTIONS
from services.retention.domain import Found

__all__ = ["VaultFloor"]

_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_OLD: Final = (
    "SELECT card_id::text, min(written_at) AS written_at FROM {table}"
    " WHERE written_at < $1 AND card_id > $2 GROUP BY card_id ORDER BY card_id LIMIT $3"
)
# Filled in with names of SECTIONS alone.
_ROWS: Final = "SELECT card_id::text FROM section_{section} WHERE card_id = ANY($1::uuid[])"
_KEYS: Final = (
    "SELECT card_id::text, count(*) AS data_keys, array_agg(DISTINCT key_id) AS ids"
    " FROM key_{section} WHERE card_id = ANY($1::uuid[]) GROUP BY card_id"
)
_DESTROY: Final = "DELETE FROM {table} WHERE card_id = ANY($1::uuid[])"


class VaultFloor:
    """Both databases of the vault, by the one role that deletes.

    Args:
        rows: connections to the vault.
        data_keys: connections to the data keys.
    """

    def __init__(
        self, rows: asyncpg.Pool[asyncpg.Record], data_keys: asyncpg.Pool[asyncpg.Record]
    ) -> None:
        self._rows, self._keys = rows, data_keys

    async def old(self, before: datetime, page: int) -> AsyncIterator[dict[str, datetime]]:
        """Yield the cards that have something written before then, with the time of the first.

        A card that has something in several sections may come as often.
        """
        for section in SECTIONS:
            after = _NOBODY
            while True:
                found, after = await self._page(section, before, after, page)
                if found:
                    yield found
                if not after:
                    break

    async def _page(
        self, section: str, before: datetime, after: str, page: int
    ) -> tuple[dict[str, datetime], str]:
        """Return a page of cards, and after which the next one begins; empty for none."""
        rows = await self._rows.fetch(_OLD.format(table=f"section_{section}"), before, after, page)
        keys = await self._keys.fetch(_OLD.format(table=f"key_{section}"), before, after, page)
        full = [found[-1]["card_id"] for found in (rows, keys) if len(found) == page]
        bound = min(full, default="")
        merged: dict[str, datetime] = {}
        for row in (*rows, *keys):
            card, at = row["card_id"], row["written_at"]
            if not bound or card <= bound:
                merged[card] = min(at, merged.get(card, at))
        return merged, bound

    async def inventory(self, wanted: Mapping[str, Collection[str]]) -> dict[str, dict[str, Found]]:
        """Count what is there of these cards in these sections; what holds nothing is left out."""
        found: dict[str, dict[str, Found]] = {card: {} for card in wanted}
        for section in SECTIONS:
            cards = [card for card, sections in wanted.items() if section in sections]
            if not cards:
                continue
            rows = await self._rows.fetch(_ROWS.format(section=section), cards)
            keys = await self._keys.fetch(_KEYS.format(section=section), cards)
            with_rows = {row["card_id"] for row in rows}
            with_keys = {row["card_id"]: row for row in keys}
            for card in with_rows | with_keys.keys():
                key = with_keys.get(card)
                found[card][section] = Found(
                    int(card in with_rows),
                    key["data_keys"] if key else 0,
                    tuple(sorted(key["ids"])) if key else (),
                )
        return found

    async def destroy(self, cards: Mapping[str, Sequence[str]]) -> None:
        """Destroy what these sections hold of these cards: all data keys first, then all rows.

        May be repeated: what is gone is gone.
        """
        for pool, table in ((self._keys, "key"), (self._rows, "section")):
            for section, own in cards.items():
                await pool.execute(_DESTROY.format(table=f"{table}_{section}"), list(own))
