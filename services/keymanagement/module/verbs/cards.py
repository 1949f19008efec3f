"""Verbs that make what a card is to hold: verification values, keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from cardwright.cipher import ClearTdes
from cardwright.hsm.port import (
    CardValues,
    CardValuesItem,
    DerivedCardKeys,
    HsmError,
    Pool,
    SealedItem,
)
from cardwright.payment import cvc3
from cardwright.payment.cvv import cvv, cvv2, icvv
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.cards import chip_keys, recipes
from services.keymanagement.module.cards.issue import CardIssue, Issued, Planned
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.pool.store import Taken
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["CardVerbs"]

_KEYS: Final = "keys"
_CHIP_KEYS: Final = "chip_keys"
_CERTIFICATES: Final = "certificates"


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
        """Derive keys and make certificates; card keys leave sealed, with their check values.

        A repeat for the same card makes the same keys, and has its RSA pairs again for a while. A
        card for which no pair is left is refused with POOL_EMPTY, which waiting mends.
        """
        caller.require_verb("derive_card_keys")
        issue = self._issue(caller)
        planned = each(items, partial(self._plan, issue))
        issued = each(
            list(zip(planned, self._claimed(planned), strict=True)), partial(_finished, issue)
        )
        return self._sealed(items, issued)

    def pools(self, caller: Caller) -> list[Pool]:
        """Tell how full the pools of key pairs are."""
        caller.require_verb("pools")
        return self._stores.pool.state()

    def _card_values(self, caller: Caller, item: CardValuesItem) -> CardValues:
        caller.require_key("card_values", item.cvk)
        key = self._directory.find(item.cvk, Usage.CVK, environment=item.environment)
        cipher, pan = self._backend.tdes(key), item.pan.reveal()
        return CardValues(
            SecretText(cvv(cipher, pan, item.expiry, item.service_code)),
            SecretText(cvv2(cipher, pan, item.expiry)),
            SecretText(icvv(cipher, pan, item.expiry)),
            key.key_id,
            *self._vectors(caller, item),
        )

    def _vectors(self, caller: Caller, item: CardValuesItem) -> tuple[bytes, bytes]:
        """Compute the initial vectors of CVC3, by the card's key that nobody else sees."""
        tracks = item.cvc3
        if tracks is None:
            return b"", b""
        caller.require_key("card_values", tracks.imk_cvc3)
        master = self._directory.find(tracks.imk_cvc3, Usage.IMK_CVC3, environment=item.environment)
        pan, number = item.pan.reveal(), tracks.sequence_number
        key = ClearTdes(cvc3.card_key(self._backend.tdes(master), pan, number))
        statics = (
            SecretBytes(tracks.track1.reveal().encode()),
            cvc3.packed_track_2(tracks.track2) if len(tracks.track2) else SecretBytes(b""),
        )
        first, second = (
            cvc3.initial_vector(key, static) if len(static) else b"" for static in statics
        )
        return first, second

    def _issue(self, caller: Caller) -> CardIssue:
        return CardIssue(
            caller,
            self._backend,
            self._directory,
            self._sections,
            self._stores.certificates,
            self._stores.pool,
        )

    def _plan(self, issue: CardIssue, item: SealedItem) -> Planned:
        opened = self._sections.open(_KEYS, item.card_id, item.sealed)
        return issue.plan(item, recipes.parse(opened))

    def _claimed(self, planned: Sequence[Planned | HsmError]) -> list[Sequence[Taken] | HsmError]:
        """Claim the pairs of all cards in one transaction."""
        return list(
            self._stores.pool.take(
                [() if isinstance(card, HsmError) else card.demands for card in planned]
            )
        )

    def _sealed(
        self, items: Sequence[SealedItem], issued: Sequence[Issued | HsmError]
    ) -> list[DerivedCardKeys | HsmError]:
        made = {
            item.card_id: card
            for item, card in zip(items, issued, strict=True)
            if not isinstance(card, HsmError)
        }
        keys = self._sections.seal(
            _CHIP_KEYS,
            {
                name: chip_keys.serialized(card.environment, card.applications)
                for name, card in made.items()
            },
        )
        certificates = self._sections.seal(
            _CERTIFICATES,
            {name: card.certificates for name, card in made.items() if card.certificates},
        )
        return [
            card
            if isinstance(card, HsmError)
            else DerivedCardKeys(
                keys[item.card_id], card.checks, certificates.get(item.card_id, b"")
            )
            for item, card in zip(items, issued, strict=True)
        ]


def _finished(
    issue: CardIssue, card: tuple[Planned | HsmError, Sequence[Taken] | HsmError]
) -> Issued | HsmError:
    planned, taken = card
    if isinstance(planned, HsmError):
        return planned
    if isinstance(taken, HsmError):
        return taken  # waiting mends it, but for this card alone
    return issue.finish(planned, taken)
