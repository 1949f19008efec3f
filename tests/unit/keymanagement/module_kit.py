"""A security module with random test keys, without its process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from cardwright.hsm.port import SealedItem
from cardwright.proto.vault.v1.sections_pb2 import ApplicationRecipe, KeysSection
from cardwright.secret import SecretBytes
from cardwright.vault.sealing import Sealer
from cardwright.vault.vault import newest_keys
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.inventory import Inventory
from services.keymanagement.module.keys import Key
from services.keymanagement.module.policy import GRANTS, Caller
from services.keymanagement.module.pool.pairs import PairPool
from services.keymanagement.module.pool.store import PairStore
from services.keymanagement.module.provision import beginnings
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.sections import Sections
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.verbs.all import Verbs
from services.keymanagement.module.verbs.base import Stores
from tests.support.softhsm import House

ISSUER = "aurora-bank"
EMV_MASTERS = {
    "MK-AC": f"{ISSUER}/IMK-AC",
    "MK-SMI": f"{ISSUER}/IMK-SMI",
    "MK-SMC": f"{ISSUER}/IMK-SMC",
}
PAN = "9999990000000007"
APPLICATION = bytes.fromhex("F0434152445701")
"""The instance that all recipes of `Kit` are for."""


def caller(role: str) -> Caller:
    return Caller(f"{role}.site-1", GRANTS[role])


def directory_of(backend: Backend) -> KeyDirectory:
    """Every key of a backend, as active test keys."""
    return KeyDirectory(backend, Inventory.of(beginnings(backend.keys(), backend)))


def no_stores() -> Stores:
    """No certificate and no pool of key pairs."""
    return Stores(CertificateStore(Path("/nowhere")), PairPool(PairStore(":memory:"), []))


def verbs_over(keys: Mapping[Key, SecretBytes], stores: Stores | None = None) -> Verbs:
    stores = stores or no_stores()
    backend = SoftwareBackend(keys)
    return Verbs(backend, directory_of(backend), stores)


class _VerbsOfTokens:
    """Asks the verbs over the token of whoever calls, as the server does."""

    def __init__(self, backend_of: Callable[[str], Backend], stores: Stores) -> None:
        self._backend_of = backend_of
        self._stores = stores
        self._of: dict[str, Verbs] = {}

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(caller: Caller, *arguments: Any, **options: Any) -> Any:
            if caller.name not in self._of:
                backend = self._backend_of(caller.name)
                self._of[caller.name] = Verbs(backend, directory_of(backend), self._stores)
            return getattr(self._of[caller.name], verb)(caller, *arguments, **options)

        return call


def verbs_of_tokens(backend_of: Callable[[str], Backend], stores: Stores | None = None) -> Verbs:
    """Verbs that ask those over each caller's own token; ``backend_of`` opens it by its name."""
    return cast(Verbs, _VerbsOfTokens(backend_of, stores or no_stores()))


class Kit:
    """The keys, the verbs over them, and a sealer for what data preparation writes.

    Args:
        house: tokens of SoftHSM to hold the keys, one for each caller; None for software.
    """

    def __init__(self, house: House | None = None) -> None:
        self.keys: dict[Key, SecretBytes] = make_keys([ISSUER], ["site-1"])
        if house is None:
            self.verbs = verbs_over(self.keys)
        else:
            house.put(self.keys)
            self.verbs = verbs_of_tokens(house.backend)
        public = self.verbs.public_keys(caller("dataprep"), "section/")
        self.sealer = Sealer(newest_keys(public))

    def value(self, label: str) -> SecretBytes:
        return next(value for key, value in self.keys.items() if key.label == label)

    def opened(self, section: str, card_id: str, sealed: bytes) -> SecretBytes:
        """Open what no caller may, with the section's key itself."""
        backend = SoftwareBackend(self.keys)
        return Sections(backend, directory_of(backend)).open(section, card_id, sealed)

    def recipes(
        self, card_ids: Sequence[str], masters: dict[str, str], diversifier: str = PAN
    ) -> list[SealedItem]:
        """Seal what card keys derive from, as data preparation does."""
        application = ApplicationRecipe(
            instance_aid=APPLICATION,
            masters=masters,
            derivation="A",
            badge_diversifier=diversifier.encode(),
        )
        section = KeysSection(
            diversifier=diversifier, sequence_number="01", applications=[application]
        )
        plain = section.SerializeToString()
        sealed = self.sealer.seal_batch("keys", dict.fromkeys(card_ids, plain))
        return [SealedItem(card, blob) for card, blob in sealed.items()]
