"""The verbs of the security module: each checks its caller, and works on a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TypeVar

from cardwright.emv.errors import EmvError
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.hsm.port import (
    Agreement,
    CardValues,
    CardValuesItem,
    ChipToPersonalize,
    DerivedCardKeys,
    HsmError,
    PublicKey,
    SealedItem,
    Signatures,
    WrappedDataKey,
)
from cardwright.payment.cvv import CvvError, cvv, cvv2, icvv
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import (
    Sealer,
    SealingError,
    SectionKey,
    open_sealed,
    parse_sealed,
    unwrap_data_key,
)
from services.keymanagement.module import cardkeys, script
from services.keymanagement.module.backend import Backend, KeyDirectory
from services.keymanagement.module.keys import Family, Key, Usage
from services.keymanagement.module.policy import Caller

__all__ = ["Verbs"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_LOG = logging.getLogger(__name__)
_KEYS, _CHIP_KEYS = "keys", "chip_keys"
_REMEMBERED_AGREEMENTS = 4096
_PAIRS = (Family.P256, Family.ED25519)


class Verbs:
    """All verbs over one backend. None says in an error or log more than names of keys and cards.

    Raises:
        HsmError: KEY_UNKNOWN, the backend lacks the key of section "chip_keys".
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._directory = KeyDirectory(backend.keys())
        key = self._directory.find(f"section/{_CHIP_KEYS}", Usage.SECTION)
        public = SectionKey(key.key_id, backend.public_value(key))
        self._sealer = Sealer({_CHIP_KEYS: public})
        # Blobs that were sealed together share their ephemeral key, and so the ECDH, which would
        # cost more than all the rest.
        self._shared = lru_cache(_REMEMBERED_AGREEMENTS)(backend.agree)

    def sign(self, caller: Caller, payloads: Sequence[bytes]) -> Signatures:
        """Sign by the caller's own key."""
        caller.require_verb("sign")
        key = self._directory.find(caller.signing_key, Usage.SIGN)
        return Signatures(key.key_id, tuple(self._backend.sign(key, each) for each in payloads))

    def agree(self, caller: Caller, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        """Agree with each other side that is a point, by each key that the caller may use."""
        caller.require_verb("agree")
        return _each(items, partial(self._agree, caller))

    def unwrap_data_keys(
        self, caller: Caller, section: str, items: Sequence[WrappedDataKey]
    ) -> list[SecretBytes | None]:
        """Unwrap what is sealed to a section of the caller's."""
        caller.require_verb("unwrap_data_keys")
        caller.require_section(section)
        results: list[SecretBytes | None] = []
        for item in items:
            try:
                results.append(self._unwrap(section, item))
            except (HsmError, SealingError) as error:
                # The caller learns only that it failed; what failed is for operators.
                _LOG.warning("unwrap_data_keys refused card %s: %s", item.card_id, error.code)
                results.append(None)
        return results

    def digest(self, caller: Caller, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        """Digest by HMAC."""
        caller.require_verb("digest")
        caller.require_key("digest", key_label)
        key = self._directory.find(key_label, Usage.DIGEST)
        return [self._backend.digest(key, value.reveal()) for value in values]

    def card_values(
        self, caller: Caller, items: Sequence[CardValuesItem]
    ) -> list[CardValues | HsmError]:
        """Compute verification values of each card, by each key that the caller may use."""
        caller.require_verb("card_values")
        return _each(items, partial(self._card_values, caller))

    def derive_card_keys(
        self, caller: Caller, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | HsmError]:
        """Derive keys from sealed diversifiers; card keys leave sealed, with their check values."""
        caller.require_verb("derive_card_keys")
        derived = _each(items, partial(self._derive, caller))
        sealed = self._sealer.seal_batch(
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

    def personalize(
        self, caller: Caller, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        """Wrap whole scripts; the card's keys are opened for the time of one script."""
        caller.require_verb("personalize")
        return _each(items, partial(self._personalize, caller))

    def public_keys(self, caller: Caller, prefix: str) -> list[PublicKey]:
        """List public keys; they are nobody's secret."""
        caller.require_verb("public_keys")
        return [
            PublicKey(key.key_id, key.algorithm.family.value, self._backend.public_value(key))
            for key in self._directory.with_prefix(prefix)
            if key.algorithm.family in _PAIRS
        ]

    def _agree(self, caller: Caller, item: Agreement) -> SecretBytes:
        caller.require_key("agree", item.key_id)
        key = self._directory.find(item.key_id, Usage.REQUEST)
        try:
            return self._backend.agree(key, item.public_key)
        except ValueError:
            raise HsmError("AGREE_PUBLIC_KEY", "The public key is no P-256 point.") from None

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
        recipe = cardkeys.parse_recipe(self._open(_KEYS, item.card_id, item.sealed))
        for master in recipe.masters.values():
            caller.require_key("derive_card_keys", master)
        return cardkeys.derive(self._backend, self._directory, recipe)

    def _personalize(self, caller: Caller, item: ChipToPersonalize) -> tuple[bytes, ...]:
        caller.require_key("personalize", item.kmc)
        kmc = self._directory.find(item.kmc, Usage.CHIP_MASTER)
        keys = cardkeys.CardKeys({}, ())
        if item.sealed_keys:
            opened = self._open(_CHIP_KEYS, item.card_id, item.sealed_keys)
            keys = cardkeys.CardKeys.parse(opened)

        def static_keys(diversification_data: bytes) -> StaticKeys:
            return Diversification.KDF3.static_keys(self._backend.cipher(kmc), diversification_data)

        return script.build(item, static_keys, keys)

    def _open(self, section: str, card_id: str, sealed: bytes) -> SecretBytes:
        blob = parse_sealed(sealed)
        wrapped = WrappedDataKey(card_id, blob.key_id, blob.ephemeral, blob.wrapped_key)
        return open_sealed(blob, card_id, section, self._unwrap(section, wrapped))

    def _unwrap(self, section: str, item: WrappedDataKey) -> SecretBytes:
        key = self._directory.find(item.key_id, Usage.SECTION)
        if key.label != f"section/{section}":
            raise HsmError("KEY_USAGE", f"{key.key_id} is not the key of section {section}.")
        return unwrap_data_key(
            self._agreed(key, item.ephemeral), item.card_id, section, item.wrapped_key
        )

    def _agreed(self, key: Key, ephemeral: bytes) -> SecretBytes:
        try:
            return self._shared(key, ephemeral)
        except ValueError:
            raise HsmError("SEALED_EPHEMERAL", "The ephemeral key is no P-256 point.") from None


def _each(items: Sequence[_Item], work: Callable[[_Item], _Result]) -> list[_Result | HsmError]:
    """Do the work for each item; one that is refused takes its code, and stops no other."""
    results: list[_Result | HsmError] = []
    for item in items:
        try:
            results.append(work(item))
        except HsmError as error:
            results.append(error)
        except (CvvError, EmvError, GlobalPlatformError, SealingError) as error:
            results.append(HsmError(error.code, str(error)))
    return results
