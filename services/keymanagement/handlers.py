"""Orders to derive a card's keys: sealed recipes in, sealed keys out, check values stated.

This station sees neither a key nor an account number: the security module opens the section
``keys``, derives, and seals ``chip_keys`` for the module that personalizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cardwright.card.events import Disposition, KeyCheck, KeysDerived, OperationFailed
from cardwright.hsm.port import DerivedCardKeys, HsmError, SealedItem, SecurityModule
from cardwright.station.ports import Answer, Transaction, WorkOrder

__all__ = ["DeriveKeysDesk", "SealedVault"]

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

    Doing it twice is harmless: derivation has no randomness, so a card gets the same keys again.

    Args:
        vault: The vault, in the role of this service.
        hsm: The security module, with the token of this service.
    """

    def __init__(self, vault: SealedVault, hsm: SecurityModule) -> None:
        self._vault = vault
        self._hsm = hsm

    async def handle(
        self,
        orders: Sequence[WorkOrder],
        tx: Transaction,  # noqa: ARG002  # the desk's shape; this station keeps no table of its own
    ) -> Sequence[Answer]:
        """Have every card's keys derived; see ``cardwright.station.ports.Desk``."""
        recipes = await self._vault.get_sealed("keys", [order.card_id for order in orders])
        derived = await self._derive(recipes)
        keys = {
            card_id: card.sealed
            for card_id, card in derived.items()
            if not isinstance(card, HsmError)
        }
        if keys:
            await self._vault.put_sealed("chip_keys", keys)
        return [_answer(order, derived) for order in orders]

    async def _derive(self, recipes: Mapping[str, bytes]) -> dict[str, DerivedCardKeys | HsmError]:
        if not recipes:
            return {}
        items = [SealedItem(card_id, sealed) for card_id, sealed in recipes.items()]
        results = await self._hsm.derive_card_keys(items)
        return dict(zip(recipes, results, strict=True))


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
