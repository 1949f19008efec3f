"""Orders to derive a card's keys: sealed recipes in, sealed keys out, check values stated.

This station sees neither a key nor an account number: the security module opens the section
``keys``, derives, and seals ``chip_keys`` for the module that personalizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from cardwright.card.events import Disposition, KeyCheck, KeysDerived, OperationFailed
from cardwright.hsm.port import DerivedCardKeys, HsmError, SealedItem, SecurityModule
from cardwright.station.ports import Answer, Transaction, WorkOrder

__all__ = ["DeriveKeysDesk", "SealedVault"]

_POOL_EMPTY = "POOL_EMPTY"
_MISSING = OperationFailed(
    "KEYS_SECTION_MISSING",
    "The vault holds no key recipe for the card; was it erased? Waiving prepares it again",
    Disposition.REFUSED,
)


class SealedVault(Protocol):
    """What this station needs of the vault: sealed sections, moved as they are."""

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> Mapping[str, bytes]:
        """Return the sealed sections of cards; those that have none are left out."""

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        """Write sealed sections, by card id."""


class DeriveKeysDesk:
    """The desk for the operation DERIVE_KEYS.

    Doing it twice is harmless: a card gets the same keys again, and for a while the same RSA pairs.
    When the module's pool of pairs is empty the batch waits; what was derived of it is kept, so
    that only the rest is asked for again.

    Args:
        vault: The vault, in the role of this service.
        hsm: The security module, with the token of this service.
    """

    def __init__(self, vault: SealedVault, hsm: SecurityModule) -> None:
        self._vault = vault
        self._hsm = hsm
        self._kept: dict[SealedItem, DerivedCardKeys] = {}

    async def handle(
        self,
        orders: Sequence[WorkOrder],
        tx: Transaction,  # noqa: ARG002  # the desk's shape; this station keeps no table of its own
    ) -> Sequence[Answer]:
        """Have every card's keys derived; see ``cardwright.station.ports.Desk``."""
        recipes = await self._vault.get_sealed("keys", [order.card_id for order in orders])
        derived = await self._derive(recipes)
        await self._put("chip_keys", {card: keys.sealed for card, keys in _made(derived)})
        await self._put("certificates", {card: keys.certificates for card, keys in _made(derived)})
        self._kept.clear()
        return [_answer(order, derived) for order in orders]

    async def _derive(self, recipes: Mapping[str, bytes]) -> dict[str, DerivedCardKeys | HsmError]:
        """Derive for all cards.

        Raises:
            HsmError: POOL_EMPTY; this passes.
        """
        items = {card_id: SealedItem(card_id, sealed) for card_id, sealed in recipes.items()}
        asked = [item for item in items.values() if item not in self._kept]
        results = await self._hsm.derive_card_keys(asked) if asked else []
        found: dict[SealedItem, DerivedCardKeys | HsmError] = {**self._kept}
        found.update(zip(asked, results, strict=True))
        self._kept = {item: keys for item, keys in found.items() if not isinstance(keys, HsmError)}
        for keys in found.values():
            if isinstance(keys, HsmError) and keys.code == _POOL_EMPTY:
                raise keys
        return {card_id: found[item] for card_id, item in items.items()}

    async def _put(self, section: str, blobs: Mapping[str, bytes]) -> None:
        present = {card_id: blob for card_id, blob in blobs.items() if blob}
        if present:
            await self._vault.put_sealed(section, present)


def _made(
    derived: Mapping[str, DerivedCardKeys | HsmError],
) -> Iterator[tuple[str, DerivedCardKeys]]:
    for card_id, keys in derived.items():
        if not isinstance(keys, HsmError):
            yield card_id, keys


def _answer(order: WorkOrder, derived: Mapping[str, DerivedCardKeys | HsmError]) -> Answer:
    if order.card_id not in derived:
        return Answer(order.order_id, _MISSING)
    card = derived[order.card_id]
    if isinstance(card, HsmError):
        return Answer(order.order_id, _not_derived(card.code))
    checks = (KeyCheck(check.usage, check.master, check.kcv) for check in card.checks)
    return Answer(order.order_id, KeysDerived(tuple(checks)))


def _not_derived(code: str) -> OperationFailed:
    return OperationFailed(
        "KEYS_NOT_DERIVED",
        f"The security module can't derive the card's keys ({code}); check that the master keys "
        "which its product names are installed and active, then waive to prepare it again",
        Disposition.REFUSED,
    )
