"""Verbs that speak to chips: scripts under their secure channels, and what the chips answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.hsm.port import ChipAnswers, ChipToPersonalize, ChipVerdict, HsmError
from services.keymanagement.module.cards import chip_keys, script
from services.keymanagement.module.cards.chip_keys import ChipKeys
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["ChipVerbs"]

_CHIP_KEYS: Final = "chip_keys"


class ChipVerbs(VerbsBase):
    """Chips' transport keys, and the issuers' that replace them."""

    def personalize(
        self, caller: Caller, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        """Wrap whole scripts; the card's keys are opened for the time of one script."""
        caller.require_verb("personalize")
        return each(items, partial(self._personalize, caller))

    def check_personalization(
        self, caller: Caller, items: Sequence[ChipAnswers]
    ) -> list[ChipVerdict | HsmError]:
        """Build each script again and hold the answers against it."""
        caller.require_verb("check_personalization")
        return each(items, partial(self._check, caller))

    def _personalize(self, caller: Caller, item: ChipToPersonalize) -> tuple[bytes, ...]:
        return self._script(caller, "personalize", item).commands()

    def _check(self, caller: Caller, item: ChipAnswers) -> ChipVerdict:
        return self._script(caller, "check_personalization", item.chip).verdict(item.responses)

    def _script(self, caller: Caller, verb: str, item: ChipToPersonalize) -> script.Script:
        keys = self._chip_keys(item)
        masters = partial(self._static_keys, caller, verb, keys.environment)
        return script.prepare(item, masters, keys.applications)

    def _chip_keys(self, item: ChipToPersonalize) -> ChipKeys:
        if not item.sealed_keys:
            return chip_keys.NONE
        return chip_keys.parse(self._sections.open(_CHIP_KEYS, item.card_id, item.sealed_keys))

    def _static_keys(
        self, caller: Caller, verb: str, environment: str, label: str, scheme: Diversification
    ) -> Callable[[bytes], StaticKeys]:
        caller.require_key(verb, label)
        key = self._directory.find(label, Usage.CHIP_MASTER, environment=environment)
        return partial(scheme.static_keys, self._backend.cipher(key))
