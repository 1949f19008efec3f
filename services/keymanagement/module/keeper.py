"""Changes keys: a value comes to be before the journal tells of it, and ends after.

So a crash between the two leaves a value that nobody may use, never an entry without its key: a
value without an entry is replaced when its change is made again, and one whose key was destroyed
is destroyed when the keeper next starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from cardwright.secret import SecretBytes
from services.keymanagement.module.backend import Backend, KeyChanger
from services.keymanagement.module.inventory import Change, KeyRecord, Terms
from services.keymanagement.module.journal import Entry, Journal
from services.keymanagement.module.keys import PAIRS, Algorithm, Key, Usage
from services.keymanagement.module.lifecycle import ChangeKind, State, state_after

__all__ = ["BY_ITSELF", "Approval", "Keeper", "Store"]


class Store(Backend, KeyChanger, Protocol):
    """Keys that can be used and changed, as a console has them."""


@dataclass(frozen=True, slots=True)
class Approval:
    """On whose word a change is made.

    Attributes:
        custodians: who approved, by name.
        minutes: SHA-256 of the signed minutes.
        proposal: SHA-256 of what they approved.
        reason: in a few words.
    """

    custodians: tuple[str, ...] = ()
    minutes: bytes = b""
    proposal: bytes = b""
    reason: str = ""


BY_ITSELF: Final = Approval()
"""The module acted by itself, as at its set-up."""


class Keeper:
    """Makes changes of keys, one at a time. Whoever calls holds the journal's lock.

    Args:
        store: holds the values.
        journal: tells of them.
    """

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._sweep()

    def generate(
        self,
        label: str,
        usage: Usage,
        algorithm: Algorithm,
        terms: Terms,
        approval: Approval = BY_ITSELF,
    ) -> Key:
        """Make a random key as the label's next version, not yet active.

        Raises:
            HsmError: KEY_ALGORITHM.
        """
        return self._begin(
            label,
            ChangeKind.GENERATED,
            lambda version: self._store.generate(label, version, usage, algorithm),
            terms,
            approval,
        )

    def bring_in(
        self,
        label: str,
        usage: Usage,
        algorithm: Algorithm,
        value: SecretBytes,
        terms: Terms,
        approval: Approval = BY_ITSELF,
        *,
        holders: Sequence[str] = (),
    ) -> Key:
        """Bring a value in as the label's next version, not yet active.

        Args:
            label: the key's.
            usage: its one purpose.
            algorithm: what it is.
            value: in clear.
            terms: what it is kept under.
            approval: on whose word.
            holders: who hold a component of it.

        Raises:
            HsmError: KEY_ALGORITHM or KEY_VALUE.
        """
        return self._begin(
            label,
            ChangeKind.IMPORTED,
            lambda version: self._store.put(label, version, usage, algorithm, value),
            terms,
            approval,
            holders,
        )

    def change(
        self,
        key_id: str,
        kind: ChangeKind,
        approval: Approval = BY_ITSELF,
        *,
        terms: Terms | None = None,
        holders: Sequence[str] = (),
    ) -> Entry:
        """Change a key that is there: its state or its terms, or tell what was done with it.

        Raises:
            HsmError: KEY_UNKNOWN or KEY_TRANSITION.
        """
        (entry,) = self._journal.append(
            [self._change(key_id, kind, approval, terms, tuple(holders))], self._store.sign
        )
        if kind is ChangeKind.DESTROYED:
            self._store.destroy(entry.change.key)
            self._store.commit()
        return entry

    def rotate(
        self, label: str, approval: Approval = BY_ITSELF, *, overlap_until: datetime | None = None
    ) -> Key:
        """Make the label's next version and activate it; the one before goes on until it expires.

        Args:
            label: of a key that is active.
            approval: on whose word.
            overlap_until: when the version before shall stop protecting; None, at once: it is
                deactivated, and still opens what it protected.

        Raises:
            HsmError: KEY_UNKNOWN or KEY_INACTIVE, there is nothing to rotate.
        """
        before = self._journal.inventory.record(self._journal.inventory.newest(label).key_id)
        terms = replace(before.terms, activation=None, expiry=None)
        key = self.generate(label, before.key.usage, before.key.algorithm, terms, approval)
        self.change(key.key_id, ChangeKind.ACTIVATED, approval)
        if overlap_until is None:
            self.change(before.key.key_id, ChangeKind.DEACTIVATED, approval)
        else:
            ending = replace(before.terms, expiry=overlap_until)
            self.change(before.key.key_id, ChangeKind.LIMITED, approval, terms=ending)
        return key

    def value(self, key_id: str) -> tuple[KeyRecord, SecretBytes]:
        """Give a value out, to be split or wrapped at once, and journalled as exported.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_NOT_EXPORTABLE, or KEY_COMPROMISED and the like.
        """
        record = self._journal.inventory.record(key_id)
        state_after(record.state, ChangeKind.EXPORTED)
        return record, self._store.value(record.key)

    def _begin(
        self,
        label: str,
        kind: ChangeKind,
        make: Callable[[int], Key],
        terms: Terms,
        approval: Approval,
        holders: Sequence[str] = (),
    ) -> Key:
        version = self._journal.inventory.next_version(label)
        held = list(self._store.keys())
        for stray in (key for key in held if key.key_id == f"{label}#{version}"):
            self._store.destroy(stray)  # of a change that a crash cut short
        key = make(version)
        self._store.commit()
        change = begun(key, kind, terms, self._store, approval, holders)
        self._journal.append([change], self._store.sign)
        return key

    def _change(
        self,
        key_id: str,
        kind: ChangeKind,
        approval: Approval,
        terms: Terms | None,
        holders: tuple[str, ...],
    ) -> Change:
        record = self._journal.inventory.record(key_id)
        return Change(
            record.key,
            kind,
            state_after(record.state, kind),
            terms or record.terms,
            approval.custodians,
            holders,
            approval.minutes,
            approval.proposal,
            reason=approval.reason,
        )

    def _sweep(self) -> None:
        ended = {
            record.key
            for record in self._journal.inventory.records()
            if record.state is State.DESTROYED
        }
        left = ended.intersection(self._store.keys())
        for key in left:
            self._store.destroy(key)
        if left:
            self._store.commit()


def begun(
    key: Key,
    kind: ChangeKind,
    terms: Terms,
    backend: Backend,
    approval: Approval = BY_ITSELF,
    holders: Sequence[str] = (),
) -> Change:
    """Tell of a key that has come to be."""
    public = backend.public_value(key) if key.algorithm.family in PAIRS else b""
    return Change(
        key,
        kind,
        State.PRE_ACTIVATION,
        terms,
        approval.custodians,
        tuple(holders),
        approval.minutes,
        approval.proposal,
        public,
        approval.reason,
    )
