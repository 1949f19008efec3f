"""Data keys, apart from the data: another database, which no backup of the vault holds.

A key is filed under its card and the nonce of the blob that it opens. So a second writing never
takes a key from under the first: whoever dies between the two databases leaves a key that opens
nothing, and the row of before with the key of before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from cardwright.proto.vault.v1.sections_pb2 import SealedBlob
from cardwright.vault.sections import SECTIONS, statement

__all__ = ["DataKeys"]

_PUT: Final = {
    section: f"INSERT INTO key_{section} (card_id, nonce, key_id, wrapped_key)"  # noqa: S608  # made of the names above alone
    " SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bytea[])"
    " ON CONFLICT DO NOTHING"
    for section in SECTIONS
}
_GET: Final = {
    section: f"SELECT card_id, nonce, wrapped_key FROM key_{section}"  # noqa: S608  # made of the names above alone
    " WHERE card_id = ANY($1::uuid[])"
    for section in SECTIONS
}


class DataKeys:
    """Files and fetches wrapped data keys, as far as the database role allows.

    Args:
        pool: connections to the data keys' database, by the service's own role.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, section: str, blobs: Mapping[str, SealedBlob]) -> None:
        """File the data key of each card's blob.

        Raises:
            VaultError: SECTION_UNKNOWN.
        """
        rows = [(card, b.nonce, b.key_id, b.wrapped_key) for card, b in blobs.items()]
        await self._pool.execute(statement(_PUT, section), *map(list, zip(*rows, strict=True)))

    async def get(self, section: str, card_ids: Sequence[str]) -> dict[str, dict[bytes, bytes]]:
        """Fetch each card's data keys by nonce; a card that has none is left out.

        Raises:
            VaultError: SECTION_UNKNOWN.
        """
        found: dict[str, dict[bytes, bytes]] = {}
        for card, nonce, key in await self._pool.fetch(statement(_GET, section), card_ids):
            found.setdefault(str(card), {})[nonce] = key
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()
