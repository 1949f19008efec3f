"""Verbs that every station has some of: sign, agree, unwrap, digest, public keys."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from cardwright.hsm.port import (
    Agreement,
    HsmError,
    JournalEntry,
    PublicKey,
    Signatures,
    WrappedDataKey,
)
from cardwright.secret import SecretBytes
from cardwright.vault.sealing import SealingError
from services.keymanagement.module.inventory.lifecycle import Work
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["KeyVerbs"]

_LOG = logging.getLogger(__name__)


class KeyVerbs(VerbsBase):
    """Keys of callers and of the vault."""

    def sign(self, caller: Caller, payloads: Sequence[bytes]) -> Signatures:
        """Sign by the caller's own key."""
        caller.require_verb("sign")
        key = self._directory.find(caller.signing_key, Usage.SIGN, uses=len(payloads))
        return Signatures(
            key.key_id, tuple(self._backend.sign(key, payload) for payload in payloads)
        )

    def agree(self, caller: Caller, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        """Agree with each other side that is a point, by each key that the caller may use."""
        caller.require_verb("agree")
        return each(items, partial(self._agree, caller))

    def unwrap_data_keys(
        self, caller: Caller, section: str, items: Sequence[WrappedDataKey]
    ) -> list[SecretBytes | None]:
        """Unwrap what is sealed to a section of the caller's."""
        caller.require_verb("unwrap_data_keys")
        caller.require_section(section)
        results: list[SecretBytes | None] = []
        for item in items:
            try:
                results.append(self._sections.unwrap(section, item))
            except (HsmError, SealingError) as error:
                if isinstance(error, HsmError) and error.passes:
                    raise
                # The caller learns only that it failed; what failed is for operators.
                _LOG.warning("unwrap_data_keys refused card %s: %s", item.card_id, error.code)
                results.append(None)
        return results

    def digest(self, caller: Caller, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        """Digest by HMAC."""
        caller.require_verb("digest")
        caller.require_key("digest", key_label)
        key = self._directory.find(key_label, Usage.DIGEST, uses=len(values))
        return [self._backend.digest(key, value.reveal()) for value in values]

    def public_keys(self, caller: Caller, prefix: str) -> list[PublicKey]:
        """List public keys; they are nobody's secret."""
        caller.require_verb("public_keys")
        return self._directory.public_keys(prefix)

    def journal(self, caller: Caller, after: int, limit: int) -> list[JournalEntry]:
        """Read the journal of all keys."""
        caller.require_verb("journal")
        return self._directory.history(after, limit)

    def _agree(self, caller: Caller, item: Agreement) -> SecretBytes:
        caller.require_key("agree", item.key_id)
        key = self._directory.find(item.key_id, Usage.REQUEST, Work.PROCESS)
        try:
            return self._backend.agree(key, item.public_key)
        except ValueError:
            raise HsmError("AGREE_PUBLIC_KEY", "The public key is no P-256 point.") from None
