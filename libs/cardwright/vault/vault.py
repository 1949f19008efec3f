"""The vault in Postgres: sealed sections by card, opened by the security module's leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import asyncpg

from cardwright.hsm.port import PublicKey, SecurityModule, WrappedDataKey
from cardwright.proto.vault.v1.sections_pb2 import SealedBlob
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.datakeys import DataKeys
from cardwright.vault.sealing import Sealer, SealingError, SectionKey, open_sealed, parse_sealed
from cardwright.vault.sections import SECTIONS, VaultError, statement

__all__ = ["SECTIONS", "Opened", "Vault", "VaultError", "newest_keys"]

# INSERT ... ON CONFLICT DO UPDATE would need SELECT on what it writes, and writers may not read.
_PUT: Final = {
    section: f"""
WITH item AS (SELECT * FROM unnest($1::uuid[], $2::bytea[]) AS item (card_id, sealed)),
renewed AS (
    UPDATE section_{section} AS old SET sealed = item.sealed, written_at = now()
    FROM item WHERE old.card_id = item.card_id
)
INSERT INTO section_{section} (card_id, sealed) SELECT card_id, sealed FROM item
ON CONFLICT DO NOTHING
"""  # noqa: S608  # made of the names above alone
    for section in SECTIONS
}
_GET: Final = {
    section: f"SELECT card_id, sealed FROM section_{section} WHERE card_id = ANY($1::uuid[])"  # noqa: S608  # made of the names above alone
    for section in SECTIONS
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What a section holds of the cards asked for.

    A card without a row is in neither, nor is one whose data keys are gone: it is erased.

    Attributes:
        cards: the contents, by card id.
        damaged: cards whose row does not open as theirs: it was changed, or moved from another.
    """

    cards: dict[str, SecretBytes]
    damaged: frozenset[str] = frozenset()


class Vault:
    """Reads and writes sections in batches, as far as its database role and token allow.

    Args:
        pool: connections to the vault's database, by the service's own role.
        data_keys: the data keys, in a database of their own.
        module: the security module, with the service's own token.
        keys: public keys of the sections ("section/<name>"), of which the newest active version of
            each counts; or what seals by them and takes newer ones up.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        data_keys: DataKeys,
        module: SecurityModule,
        keys: Iterable[PublicKey] | Sealer,
    ) -> None:
        self._pool = pool
        self._data_keys = data_keys
        self._module = module
        self._sealer = keys if isinstance(keys, Sealer) else Sealer(newest_keys(keys))

    @classmethod
    async def connect(
        cls,
        dsn: SecretText,
        data_keys: SecretText,
        module: SecurityModule,
        *,
        connections: int = 4,
    ) -> Self:
        """Connect to both databases, and ask the security module for the sections' public keys."""
        keys = await module.public_keys("section/")
        rows, apart = [
            await asyncpg.create_pool(each.reveal(), min_size=1, max_size=connections)
            for each in (dsn, data_keys)
        ]
        return cls(rows, DataKeys(apart), module, keys)

    async def close(self) -> None:
        """Close the connections; the security module stays the caller's."""
        await self._pool.close()
        await self._data_keys.close()

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        """Seal each card's plaintext to the section and store it, over what was there.

        Raises:
            VaultError: SECTION_UNKNOWN.
        """
        statement(_PUT, section)
        await self.put_sealed(section, self._sealer.seal_batch(section, items))

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards.

        Raises:
            VaultError: SECTION_UNKNOWN.
            HsmError: The security module does not let the caller open this section.
        """
        sealed = await self._fetch(section, card_ids)
        blobs = {card: blob for card, blob in sealed.items() if blob is not None}
        wrapped = [
            WrappedDataKey(card, blob.key_id, blob.ephemeral, blob.wrapped_key)
            for card, blob in blobs.items()
        ]
        keys = await self._module.unwrap_data_keys(section, wrapped) if wrapped else []
        opened: dict[str, SecretBytes] = {}
        for (card, blob), key in zip(blobs.items(), keys, strict=True):
            if key is not None and (content := _open(blob, card, section, key)) is not None:
                opened[card] = content
        return Opened(opened, frozenset(sealed.keys() - opened.keys()))

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        """Store blobs that are sealed already, over what was there: their data keys first.

        Raises:
            VaultError: SECTION_UNKNOWN, or SEALED_MALFORMED: one of them is no blob.
        """
        put = statement(_PUT, section)
        if not items:
            return
        blobs = {card: _whole(octets) for card, octets in items.items()}
        await self._data_keys.put(section, blobs)
        for blob in blobs.values():
            blob.ClearField("wrapped_key")
        rows = [blob.SerializeToString() for blob in blobs.values()]
        await self._pool.execute(put, list(blobs), rows)

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        """Read blobs as they were put; a card without is left out, and so is an erased one.

        Raises:
            VaultError: SECTION_UNKNOWN.
        """
        blobs = await self._fetch(section, card_ids)
        # What is no blob goes to the reader as something that opens as nothing.
        return {c: b.SerializeToString() if b is not None else b"" for c, b in blobs.items()}

    async def _fetch(self, section: str, card_ids: Sequence[str]) -> dict[str, SealedBlob | None]:
        """Read rows, then their data keys; None is a row that was changed.

        In this order, since a key is there before its row: one renewed meanwhile has its own.
        """
        rows = await self._pool.fetch(statement(_GET, section), card_ids)
        found = {str(card): _parse(sealed) for card, sealed in rows}
        keys = await self._data_keys.get(section, list(found)) if found else {}
        return {card: _joined(blob, keys[card]) for card, blob in found.items() if card in keys}


def newest_keys(keys: Iterable[PublicKey]) -> dict[str, SectionKey]:
    """Pick the newest active version of each section's key, by section name."""
    newest: dict[str, tuple[int, SectionKey]] = {}
    for key in keys:
        if key.state != "active":
            continue
        label, _, version = key.key_id.rpartition("#")
        section = label.removeprefix("section/")
        if section not in newest or int(version) > newest[section][0]:
            newest[section] = (int(version), SectionKey(key.key_id, key.value))
    return {section: key for section, (_, key) in newest.items()}


def _whole(sealed: bytes) -> SealedBlob:
    blob = _parse(sealed)
    if blob is None or not blob.wrapped_key or not blob.nonce:
        raise VaultError("SEALED_MALFORMED", "These octets are no SealedBlob with its data key.")
    return blob


def _joined(blob: SealedBlob | None, keys: Mapping[bytes, bytes]) -> SealedBlob | None:
    if blob is None or blob.nonce not in keys:
        return None
    blob.wrapped_key = keys[blob.nonce]
    return blob


def _parse(sealed: bytes) -> SealedBlob | None:
    try:
        return parse_sealed(sealed)
    except SealingError:
        return None


def _open(blob: SealedBlob, card: str, section: str, key: SecretBytes) -> SecretBytes | None:
    try:
        return open_sealed(blob, card, section, key)
    except SealingError:
        return None
