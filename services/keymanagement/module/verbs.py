"""The verbs of the security module: each checks its caller, and works on a batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache

from cardwright.emv.errors import EmvError
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.globalplatform.keys import StaticKeys
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
from cardwright.payment.cvv import CvvError
from cardwright.secret import SecretBytes
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
from services.keymanagement.module.keys import Algorithm, Key, Usage
from services.keymanagement.module.policy import Caller

__all__ = ["Verbs"]

_LOG = logging.getLogger(__name__)
_KEYS, _CHIP_KEYS = "keys", "chip_keys"
_REMEMBERED_AGREEMENTS = 4096


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
        results: list[SecretBytes | HsmError] = []
        for item in items:
            try:
                caller.require_key("agree", item.key_id)
                key = self._directory.find(item.key_id, Usage.REQUEST)
                results.append(self._backend.agree(key, item.public_key))
            except ValueError:
                results.append(HsmError("AGREE_PUBLIC_KEY", "The public key is no P-256 point."))
            except HsmError as error:
                results.append(error)
        return results

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
                _refused("unwrap_data_keys", item.card_id, error)
                results.append(None)
        return results

    def digest(self, caller: Caller, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        """Digest by HMAC."""
        caller.require_verb("digest")
        caller.require_key("digest", key_label)
        key = self._directory.find(key_label, Usage.DIGEST)
        return [self._backend.digest(key, value.reveal()) for value in values]

    def card_values(self, caller: Caller, items: Sequence[CardValuesItem]) -> list[CardValues]:
        """Compute verification values; a malformed card refuses the batch, as data prep's error."""
        caller.require_verb("card_values")
        results = []
        for item in items:
            caller.require_key("card_values", item.cvk)
            key = self._directory.find(item.cvk, Usage.CVK)
            try:
                values = self._backend.card_values(
                    key, item.pan.reveal(), item.expiry, item.service_code
                )
            except CvvError as error:
                raise HsmError(error.code, str(error)) from None
            results.append(values)
        return results

    def derive_card_keys(
        self, caller: Caller, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | None]:
        """Derive keys from sealed diversifiers; card keys leave sealed, with their check values."""
        caller.require_verb("derive_card_keys")
        derived: dict[str, cardkeys.CardKeys] = {}
        for item in items:
            try:
                section = self._open(_KEYS, item.card_id, item.sealed)
                recipe = cardkeys.parse_recipe(section)
                for master in recipe.masters.values():
                    caller.require_key("derive_card_keys", master)
                derived[item.card_id] = cardkeys.derive(self._backend, self._directory, recipe)
            except (HsmError, SealingError, EmvError) as error:
                _refused("derive_card_keys", item.card_id, error)
        sealed = self._sealer.seal_batch(
            _CHIP_KEYS, {card: keys.serialized() for card, keys in derived.items()}
        )
        return [
            DerivedCardKeys(sealed[item.card_id], derived[item.card_id].checks)
            if item.card_id in sealed
            else None
            for item in items
        ]

    def personalize(
        self, caller: Caller, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        """Wrap whole scripts; the card's keys are opened for the time of one script."""
        caller.require_verb("personalize")
        results: list[tuple[bytes, ...] | HsmError] = []
        for item in items:
            try:
                results.append(self._personalize(caller, item))
            except (GlobalPlatformError, SealingError) as error:
                results.append(HsmError(error.code, str(error)))
            except HsmError as error:
                results.append(error)
        return results

    def public_keys(self, caller: Caller, prefix: str) -> list[PublicKey]:
        """List public keys; they are nobody's secret."""
        caller.require_verb("public_keys")
        return [
            PublicKey(key.key_id, key.usage.algorithm.value, self._backend.public_value(key))
            for key in self._directory.with_prefix(prefix)
            if key.usage.algorithm in (Algorithm.P256, Algorithm.ED25519)
        ]

    def _personalize(self, caller: Caller, item: ChipToPersonalize) -> tuple[bytes, ...]:
        caller.require_key("personalize", item.kmc)
        kmc = self._directory.find(item.kmc, Usage.CHIP_TRANSPORT)
        keys = cardkeys.CardKeys({}, ())
        if item.sealed_keys:
            opened = self._open(_CHIP_KEYS, item.card_id, item.sealed_keys)
            keys = cardkeys.CardKeys.parse(opened)

        def static_keys(diversification_data: bytes) -> StaticKeys:
            return self._backend.chip_static_keys(kmc, diversification_data)

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


def _refused(verb: str, card_id: str, error: HsmError | SealingError | EmvError) -> None:
    # The caller learns only that this card's item failed; what failed is for operators.
    _LOG.warning("%s refused card %s: %s", verb, card_id, error.code)
