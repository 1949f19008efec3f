"""All that one card needs of its issuer's keys: derived, certified, in its chip's groupings.

In two steps, so that key pairs are claimed for a whole batch at once, and only for cards of which
everything else is known to be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from google.protobuf.message import DecodeError

from cardwright.cipher import BlockCipher
from cardwright.emv.dgi import Dgi
from cardwright.emv.rsa import ClearRsa
from cardwright.hsm.port import HsmError, KeyCheck, SealedItem
from cardwright.proto.vault.v1 import sections_pb2 as pb
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.cards import certificates, derivation
from services.keymanagement.module.cards.certificates import CardKeyPair, Issuer
from services.keymanagement.module.cards.chip_keys import ApplicationKeys
from services.keymanagement.module.cards.derivation import Groupings
from services.keymanagement.module.cards.recipes import ApplicationRecipe, CardRecipe, Certification
from services.keymanagement.module.certificates.store import CertificateStore
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.pool.pairs import PairPool
from services.keymanagement.module.pool.store import Demand, Taken
from services.keymanagement.module.sections import Sections
from services.keymanagement.module.values import public_check_value

__all__ = ["CardIssue", "Issued", "Planned"]

_VERB: Final = "derive_card_keys"
_KEYS: Final = "keys"
_CARD_PIN: Final = "card_pin"
_RID: Final = 5
_ICC, _PIN = "icc", "pin"


@dataclass(frozen=True, slots=True)
class Planned:
    """A card whose keys are derived, and the pairs that it wants besides."""

    card_id: str
    recipe: CardRecipe
    groupings: tuple[Groupings, ...]
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Issued:
    """What a card gets.

    Attributes:
        environment: "test" or "live".
        applications: each one's groupings.
        certificates: a serialized CertificatesSection; empty for a card without.
        checks: check values of all keys.
    """

    environment: str
    applications: tuple[ApplicationKeys, ...]
    certificates: bytes
    checks: tuple[KeyCheck, ...]


@dataclass(frozen=True, slots=True)
class CardIssue:
    """Works for one caller."""

    caller: Caller
    backend: Backend
    directory: KeyDirectory
    sections: Sections
    certificates: CertificateStore
    pool: PairPool

    def plan(self, item: SealedItem, recipe: CardRecipe) -> Planned:
        """Derive a card's keys, and find out which pairs it wants and that it can be certified.

        Raises:
            HsmError, EmvError, AccessError, SealingError, PinError: what can't be made, and why.
        """
        masters = partial(self._master, recipe.environment)
        pin = self._pin(item.card_id, recipe)
        groupings: list[Groupings] = []
        demands: list[Demand] = []
        for application in recipe.applications:
            made = [derivation.derive(recipe, application, masters)]
            if application.offline_pin:
                made.append(derivation.pin_groupings(application, _required(pin)))
            groupings.append(_joined(made))
            demands += self._demands(item.card_id, application)
            for each in application.certifications:
                self._issuer(recipe, application, each)
        return Planned(item.card_id, recipe, tuple(groupings), tuple(demands))

    def finish(self, planned: Planned, taken: Sequence[Taken]) -> Issued:
        """Certify what was claimed.

        Raises:
            HsmError, EmvError, IsoError, SealingError: what can't be made, and why.
        """
        pairs = {
            demand.holder: CardKeyPair(*self.pool.open(self.sections, demand, pair))
            for demand, pair in zip(planned.demands, taken, strict=True)
        }
        finished = [
            self._finish(planned, application, keys, pairs)
            for application, keys in zip(
                planned.recipe.applications, planned.groupings, strict=True
            )
        ]
        return Issued(
            planned.recipe.environment,
            tuple(keys for keys, _, _ in finished),
            _certificates_section([(keys.instance_aid, made) for keys, made, _ in finished]),
            tuple(check for *_, checks in finished for check in checks),
        )

    def _finish(
        self,
        planned: Planned,
        application: ApplicationRecipe,
        keys: Groupings,
        pairs: dict[str, CardKeyPair],
    ) -> tuple[ApplicationKeys, list[Dgi], tuple[KeyCheck, ...]]:
        own = {
            purpose: pairs[holder]
            for purpose in (_ICC, _PIN)
            if (holder := _holder(planned.card_id, application, purpose)) in pairs
        }
        records, checks = [], list(keys.checks)
        homes = certificates.holes_of(application.certifications)
        for each in application.certifications:
            master, issuer = self._issuer(planned.recipe, application, each)
            code = partial(
                derivation.authentication_code,
                planned.recipe,
                application,
                partial(self._master, planned.recipe.environment),
            )
            records += certificates.records(planned.recipe, each, issuer, own, code, homes)
            checks += _pair_checks(master, own) if each is application.certifications[0] else []
        private = certificates.key_groupings(*(_key(own, name) for name in (_ICC, _PIN)))
        return (
            ApplicationKeys(
                application.instance_aid,
                (*keys.sensitive, *private),
                (*keys.plain, *(each.encode() for each in records)),
            ),
            records,
            tuple(checks),
        )

    def _master(self, environment: str, label: str, usage: Usage) -> tuple[Key, BlockCipher]:
        self.caller.require_key(_VERB, label)
        key = self.directory.find(label, usage, environment=environment)
        return key, self.backend.cipher(key)

    def _issuer(
        self, recipe: CardRecipe, application: ApplicationRecipe, certification: Certification
    ) -> tuple[Key, Issuer]:
        self.caller.require_key(_VERB, certification.issuer_key)
        key = self.directory.find(
            certification.issuer_key, Usage.ISSUER_RSA, environment=recipe.environment
        )
        answer = self.certificates.find(
            key.key_id,
            application.instance_aid[:_RID],
            certificates.authority_index(application.certifications),
        )
        return key, Issuer(self.backend.rsa(key), answer)

    def _demands(self, card_id: str, application: ApplicationRecipe) -> Iterator[Demand]:
        """Both interfaces have the same pairs, so the first tells what is wanted."""
        for certification in application.certifications[:1]:
            wanted = certification.wanted
            for purpose, bits in ((_ICC, wanted.icc_bits), (_PIN, wanted.pin_bits)):
                if bits:
                    holder = _holder(card_id, application, purpose)
                    demand = Demand(holder, bits, wanted.icc_exponent)
                    self.pool.require_size(demand)
                    yield demand

    def _pin(self, card_id: str, recipe: CardRecipe) -> SecretText | None:
        if not recipe.sealed_pin:
            return None
        opened = self.sections.open(_CARD_PIN, card_id, recipe.sealed_pin)
        try:
            return SecretText(pb.PinSection.FromString(opened.reveal()).pin)
        except DecodeError:
            raise HsmError("SECTION_MALFORMED", "The opened section is no PinSection.") from None


def _required(pin: SecretText | None) -> SecretText:
    if pin is None:
        raise HsmError("PIN_MISSING", "The application verifies a PIN, and the card has none.")
    return pin


def _holder(card_id: str, application: ApplicationRecipe, purpose: str) -> str:
    return f"{card_id}/{application.instance_aid.hex().upper()}/{purpose}"


def _key(pairs: dict[str, CardKeyPair], purpose: str) -> ClearRsa | None:
    return pairs[purpose].key if purpose in pairs else None


def _pair_checks(master: Key, pairs: dict[str, CardKeyPair]) -> list[KeyCheck]:
    """State the pairs' check values, and by which issuer's key they are certified."""
    return [
        KeyCheck(f"{purpose.upper()}-RSA", master.key_id, public_check_value(pair.key.modulus))
        for purpose, pair in pairs.items()
    ]


def _joined(made: Sequence[Groupings]) -> Groupings:
    sensitive: tuple[SecretBytes, ...] = ()
    plain: tuple[bytes, ...] = ()
    checks: tuple[KeyCheck, ...] = ()
    for each in made:
        sensitive, plain = sensitive + each.sensitive, plain + each.plain
        checks += each.checks
    return Groupings(sensitive, plain, checks)


def _certificates_section(records: Sequence[tuple[bytes, list[Dgi]]]) -> bytes:
    # Nothing to read back, nothing to seal: without applications it serializes to nothing.
    return pb.CertificatesSection(
        applications=[
            pb.ApplicationRecords(
                instance_aid=aid,
                records=[
                    pb.ChipRecord(sfi=each.id >> 8, number=each.id & 0xFF, content=each.value)
                    for each in made
                ],
            )
            for aid, made in records
            if made
        ]
    ).SerializeToString()
