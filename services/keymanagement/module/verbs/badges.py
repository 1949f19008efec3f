"""Verbs for badges: whether one that was made has its key."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from cardwright.cipher import ClearAes
from cardwright.emv.dgi import parse_all
from cardwright.hsm.port import BadgeProof, HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards import chip_keys
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["BadgeVerbs"]

_CHIP_KEYS: Final = "chip_keys"
_FIRST_KEY: Final = 0x8001
_CHALLENGE: Final = range(8, 33)


class BadgeVerbs(VerbsBase):
    """Badges' own keys, opened for the time of one comparison."""

    def check_badges(self, caller: Caller, items: Sequence[BadgeProof]) -> list[bool | HsmError]:
        """Compare each badge's answer with the CMAC that its key makes of the challenge."""
        caller.require_verb("check_badges")
        return each(items, self._check_badge)

    def _check_badge(self, item: BadgeProof) -> bool:
        # A challenge as long as a reader's proof is never computed: see docs/chip.md.
        if len(item.challenge) not in _CHALLENGE:
            raise HsmError("BADGE_CHALLENGE", "A badge is asked with 8 to 32 octets.")
        section = self._sections.open(_CHIP_KEYS, item.card_id, item.sealed_keys)
        key = _first_key(section, item.instance_aid)
        return compare_digest(ClearAes(key).cmac(item.challenge), item.answer)


def _first_key(section: SecretBytes, instance_aid: bytes) -> SecretBytes:
    application = chip_keys.parse(section).applications.get(instance_aid)
    for encoded in application.sensitive if application else ():
        for dgi in parse_all(encoded.reveal()):
            if dgi.id == _FIRST_KEY:
                return SecretBytes(dgi.value)
    raise HsmError("BADGE_KEY", "The card has no badge key for this application: see the product.")
