"""Verbs that make what a card is to hold: verification values, keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from cardwright.hsm.port import (
    CardValues,
    CardValuesItem,
    DerivedCardKeys,
    HsmError,
    SealedItem,
)
from cardwright.payment.cvv import cvv, cvv2, icvv
from cardwright.secret import SecretText
from services.keymanagement.module import cardkeys
from services.keymanagement.module.base import VerbsBase
from services.keymanagement.module.batches import each
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.policy import Caller

__all__ = ["CardVerbs"]

_KEYS: Final = "keys"
_CHIP_KEYS: Final = "chip_keys"


class CardVerbs(VerbsBase):
    """What issuers' master keys yield for a card."""

    def card_values(
        self, caller: Caller, items: Sequence[CardValuesItem]
    ) -> list[CardValues | HsmError]:
        """Compute verification values of each card, by each key that the caller may use."""
        caller.require_verb("card_values")
        return each(items, partial(self._card_values, caller))

    def derive_card_keys(
        self, caller: Caller, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | HsmError]:
        """Derive keys from sealed diversifiers; card keys leave sealed, with their check values."""
        caller.require_verb("derive_card_keys")
        derived = each(items, partial(self._derive, caller))
        sealed = self._sections.seal(
            _CHIP_KEYS,
            {
                item.card_id: keys.serialized()
                for item, keys in zip(items, derived, strict=True)
                if not isinstance(keys, HsmError)
            },
        )
        return [
            keys
            if isinstance(keys, HsmError)
            else DerivedCardKeys(sealed[item.card_id], keys.checks)
            for item, keys in zip(items, derived, strict=True)
        ]

    def _card_values(self, caller: Caller, item: CardValuesItem) -> CardValues:
        caller.require_key("card_values", item.cvk)
        key = self._directory.find(item.cvk, Usage.CVK)
        cipher, pan = self._backend.tdes(key), item.pan.reveal()
        return CardValues(
            SecretText(cvv(cipher, pan, item.expiry, item.service_code)),
            SecretText(cvv2(cipher, pan, item.expiry)),
            SecretText(icvv(cipher, pan, item.expiry)),
        )

    def _derive(self, caller: Caller, item: SealedItem) -> cardkeys.CardKeys:
        recipe = cardkeys.parse_recipe(self._sections.open(_KEYS, item.card_id, item.sealed))
        for master in recipe.masters.values():
            caller.require_key("derive_card_keys", master)
        return cardkeys.derive(self._backend, self._directory, recipe)
