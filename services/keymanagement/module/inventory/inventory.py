"""The inventory: every key that ever was, as the journal tells, and what each may do now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Self

from cardwright.hsm.port import HsmError
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State, Work, state_after
from services.keymanagement.module.keys import Key

__all__ = ["ENVIRONMENTS", "LEAST_QUORUM", "Change", "Inventory", "KeyRecord", "Terms"]

ENVIRONMENTS: Final = ("test", "live")
LEAST_QUORUM: Final = 2
"""Dual control: nobody changes keys alone."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key is kept under.

    Attributes:
        environment: "test" or "live"; a key never touches a card of the other.
        owner: whose it is: an issuer, "bureau", or who signs with it.
        activation: it protects nothing before; None, as soon as it is activated.
        expiry: it protects nothing after; None, until it is deactivated.
        limit: uses that it is good for; 0 for any number.
        exportable: its value may leave, in key blocks or components.
    """

    environment: str
    owner: str
    activation: datetime | None = None
    expiry: datetime | None = None
    limit: int = 0
    exportable: bool = True

    def __post_init__(self) -> None:
        """Refuse what no key is kept under."""
        if self.environment not in ENVIRONMENTS:
            raise HsmError("KEY_TERMS", "A key's environment is test or live.")
        if self.limit < 0:
            raise HsmError("KEY_TERMS", "A limit of uses is a number, or 0 for none.")
        if self.activation and self.expiry and self.activation >= self.expiry:
            raise HsmError("KEY_TERMS", "A key expires after its activation.")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one key, as the journal has it.

    Attributes:
        key: the key.
        kind: what happened.
        state: the state after it.
        terms: what the key is kept under from then on.
        custodians: who approved, by name; empty where the module acted by itself.
        holders: who hold a component of it.
        minutes: SHA-256 of the signed minutes; empty where the module acted by itself.
        proposal: SHA-256 of the proposal that was executed, so that it is never executed again.
        public: public half of a pair that signs or agrees, with its first change.
        reason: in a few words.
        quorum: approvals that every later change needs; 0 where it stays as it was.
    """

    key: Key
    kind: ChangeKind
    state: State
    terms: Terms
    custodians: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    minutes: bytes = b""
    proposal: bytes = b""
    public: bytes = b""
    reason: str = ""
    quorum: int = 0


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of one key.

    Attributes:
        key: the key.
        state: where it is in its life, as last changed.
        terms: what it is kept under.
        custodians: who approved its last change.
        holders: who hold a component of it.
        public: public half of a pair that signs or agrees.
        changed: how many changes it had.
    """

    key: Key
    state: State
    terms: Terms
    custodians: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    public: bytes = b""
    changed: int = 1

    def state_at(self, now: datetime) -> State:
        """Return the state with dates counted in: early is not yet active, late is no longer."""
        if self.state is State.ACTIVE:
            if self.terms.activation and now < self.terms.activation:
                return State.PRE_ACTIVATION
            if self.terms.expiry and now >= self.terms.expiry:
                return State.DEACTIVATED
        return self.state

    def require(self, work: Work, environment: str, now: datetime) -> None:
        """Refuse work that the key may not do now.

        Args:
            work: what is asked of it.
            environment: of the card that it is for; empty where there is no card.
            now: the time.

        Raises:
            HsmError: KEY_COMPROMISED, KEY_DESTROYED, KEY_INACTIVE or KEY_ENVIRONMENT.
        """
        state = self.state_at(now)
        if not state.allows(work):
            raise HsmError(
                _REFUSALS.get(state, "KEY_INACTIVE"),
                f"{self.key.key_id} is {state.value} and may not {work.value}: activate it, or "
                "take another version.",
            )
        if environment and environment != self.terms.environment:
            raise HsmError(
                "KEY_ENVIRONMENT",
                f"{self.key.key_id} is a {self.terms.environment} key, and the card is not: "
                "correct the issuer's catalogue.",
            )


_REFUSALS: Final[Mapping[State, str]] = {
    State.COMPROMISED: "KEY_COMPROMISED",
    State.DESTROYED: "KEY_DESTROYED",
}


class Inventory:
    """All records, by key id. It changes by `apply` alone, and counts its changes."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}
        self._versions: dict[str, list[str]] = defaultdict(list)
        self._proposals: set[bytes] = set()
        self.generation = 0
        self.quorum = 0

    @classmethod
    def of(cls, changes: Iterable[Change]) -> Self:
        """Fold changes that stand in no journal."""
        inventory = cls()
        for change in changes:
            inventory.apply(change)
        return inventory

    def copy(self) -> Inventory:
        """Return one that goes on by itself, to try changes on."""
        other = Inventory()
        other._records = dict(self._records)
        other._versions = defaultdict(list, {k: list(v) for k, v in self._versions.items()})
        other._proposals = set(self._proposals)
        other.generation = self.generation
        other.quorum = self.quorum
        return other

    def apply(self, change: Change) -> None:
        """Take up a change.

        Raises:
            HsmError: KEY_EXISTS, KEY_UNKNOWN, KEY_TRANSITION, KEY_TERMS, or KEY_OTHER, the key is
                not the one of this id.
        """
        key_id = change.key.key_id
        before = self._records.get(key_id)
        after = state_after(before.state if before else None, change.kind)
        if change.quorum and change.quorum < LEAST_QUORUM:
            raise HsmError("KEY_TERMS", "Nobody changes keys alone: a quorum is two at least.")
        if after is not change.state or (before and before.key != change.key):
            raise HsmError("KEY_OTHER", f"{key_id} is not what this change says it is.")
        if before is None:
            self._versions[change.key.label].append(key_id)
            self._records[key_id] = KeyRecord(
                change.key,
                after,
                change.terms,
                change.custodians,
                change.holders,
                change.public,
            )
        else:
            self._records[key_id] = replace(
                before,
                state=after,
                terms=change.terms,
                custodians=change.custodians or before.custodians,
                holders=change.holders or before.holders,
                changed=before.changed + 1,
            )
        if change.quorum:
            self.quorum = change.quorum
        if change.proposal:
            self._proposals.add(change.proposal)
        self.generation += 1

    def records(self) -> list[KeyRecord]:
        """List every key that ever was, by label and version."""
        return sorted(self._records.values(), key=lambda each: (each.key.label, each.key.version))

    def record(self, key_id: str) -> KeyRecord:
        """Return what is known of a key.

        Raises:
            HsmError: KEY_UNKNOWN.
        """
        record = self._records.get(key_id)
        if record is None:
            raise HsmError("KEY_UNKNOWN", f"There is no key {key_id}: see the list of keys.")
        return record

    def versions(self, label: str) -> list[KeyRecord]:
        """List the versions of a label, the newest first."""
        return [self._records[key_id] for key_id in reversed(self._versions.get(label, []))]

    def next_version(self, label: str) -> int:
        """Return a version number that the label never had: numbers don't come twice."""
        return max((each.key.version for each in self.versions(label)), default=0) + 1

    def newest(self, label: str) -> Key:
        """Return the newest version of a label that may protect now.

        Raises:
            HsmError: KEY_UNKNOWN or KEY_INACTIVE.
        """
        now = datetime.now(UTC)
        versions = self.versions(label)
        for record in versions:
            if record.state_at(now) is State.ACTIVE:
                return record.key
        if not versions:
            raise HsmError("KEY_UNKNOWN", f"There is no key {label}: create it.")
        raise HsmError("KEY_INACTIVE", f"No version of {label} is active: activate one.")

    def may_sign(self, key_id: str, label: str) -> bool:
        """Whether a key is an active version of a label, whatever the time."""
        record = self._records.get(key_id)
        return record is not None and record.key.label == label and record.state is State.ACTIVE

    def was_executed(self, proposal: bytes) -> bool:
        """Whether a proposal, by its digest, was executed before."""
        return proposal in self._proposals
