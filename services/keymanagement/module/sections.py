"""Vault sections inside the module: those that it opens for itself, and those that it seals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cardwright.hsm.port import HsmError, WrappedDataKey
from cardwright.secret import SecretBytes
from cardwright.vault.sealing import (
    Sealer,
    SectionKey,
    open_sealed,
    parse_sealed,
    unwrap_data_key,
)
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.lifecycle import Work
from services.keymanagement.module.keys import Key, Usage

__all__ = ["Sections"]

_REMEMBERED_AGREEMENTS: Final = 4096


class Sections:
    """Opens and seals by the section keys of a backend."""

    def __init__(self, backend: Backend, directory: KeyDirectory) -> None:
        self._backend = backend
        self._directory = directory
        # Blobs that were sealed together share their ephemeral key, and so the ECDH, which would
        # cost more than all the rest.
        self._shared = lru_cache(_REMEMBERED_AGREEMENTS)(backend.agree)

    def open(self, section: str, card_id: str, sealed: bytes) -> SecretBytes:
        """Open a card's section.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_USAGE or SEALED_EPHEMERAL.
            SealingError: SEALED_MALFORMED, SEALED_KEY or SEALED_CONTENT.
        """
        blob = parse_sealed(sealed)
        wrapped = WrappedDataKey(card_id, blob.key_id, blob.ephemeral, blob.wrapped_key)
        return open_sealed(blob, card_id, section, self.unwrap(section, wrapped))

    def unwrap(self, section: str, item: WrappedDataKey) -> SecretBytes:
        """Unwrap a data key by its section's key, of whatever version.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_USAGE or SEALED_EPHEMERAL.
            SealingError: SEALED_KEY.
        """
        key = self._directory.find(item.key_id, Usage.SECTION, Work.PROCESS)
        if key.label != f"section/{section}":
            raise HsmError("KEY_USAGE", f"{key.key_id} is not the key of section {section}.")
        return unwrap_data_key(
            self._agreed(key, item.ephemeral), item.card_id, section, item.wrapped_key
        )

    def seal(self, section: str, items: Mapping[str, bytes]) -> dict[str, bytes]:
        """Seal cards' plaintexts to a section's newest key; returns SealedBlobs by card id.

        Raises:
            HsmError: KEY_UNKNOWN.
        """
        if not items:
            return {}
        key = self._directory.find(f"section/{section}", Usage.SECTION)
        public = SectionKey(key.key_id, self._backend.public_value(key))
        return Sealer({section: public}).seal_batch(section, items)

    def _agreed(self, key: Key, ephemeral: bytes) -> SecretBytes:
        try:
            return self._shared(key, ephemeral)
        except ValueError:
            raise HsmError("SEALED_EPHEMERAL", "The ephemeral key is no P-256 point.") from None
