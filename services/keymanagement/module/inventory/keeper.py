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

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.backend import Backend, KeyChanger
from services.keymanagement.module.inventory.inventory import Change, KeyRecord, Terms
from services.keymanagement.module.inventory.journal import Journal
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State, state_after
from services.keymanagement.module.keys import PAIRS, Algorithm, Key, Usage

__all__ = ["BY_ITSELF", "Approval", "Keeper", "Store", "begun"]


class Store(Backend, KeyChanger, Protocol):
    """Keys that can be used and changed, as a console has them."""


def _no_minutes(_: Key) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Approval:
    """On whose word a change is made.

    Attributes:
        custodians: who approved, by name.
        proposal: SHA-256 of what they approved.
        reason: in a few words.
        minutes: writes the minutes once it is known which key it is; returns their SHA-256.
    """

    custodians: tuple[str, ...] = ()
    proposal: bytes = b""
    reason: str = ""
    minutes: Callable[[Key], bytes] = _no_minutes


BY_ITSELF: Final = Approval()
"""The module acted by itself, as at its set-up."""


class Keeper:
    """Makes changes of keys, one at a time. Whoever calls holds the journal's lock.

    Args:
        store: holds the values.
        journal: tells of them.
        approval: on whose word all these changes are made.
    """

    def __init__(self, store: Store, journal: Journal, approval: Approval = BY_ITSELF) -> None:
        self._store = store
        self._journal = journal
        self._approval = approval
        self._sweep()

    def generate(self, label: str, usage: Usage, algorithm: Algorithm, terms: Terms) -> Key:
        """Make a random key as the label's next version, not yet active.

        Raises:
            HsmError: KEY_ALGORITHM; KEY_USAGE or KEY_ENVIRONMENT, the label is for others.
        """
        version = self._version(label, usage, terms)
        key = self._store.generate(label, version, usage, algorithm)
        return self._begin(key, ChangeKind.GENERATED, terms)

    def bring_in(
        self,
        label: str,
        usage: Usage,
        algorithm: Algorithm,
        value: SecretBytes,
        terms: Terms,
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
            holders: who hold a component of it.

        Raises:
            HsmError: KEY_ALGORITHM or KEY_VALUE; KEY_USAGE or KEY_ENVIRONMENT, the label is for
                others.
        """
        version = self._version(label, usage, terms)
        key = self._store.put(label, version, usage, algorithm, value)
        return self._begin(key, ChangeKind.IMPORTED, terms, holders)

    def change(
        self,
        key_id: str,
        kind: ChangeKind,
        *,
        terms: Terms | None = None,
        holders: Sequence[str] = (),
        quorum: int = 0,
    ) -> KeyRecord:
        """Change a key that is there: its state or its terms, or tell what was done with it.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_TRANSITION or KEY_TERMS.
        """
        record = self._journal.inventory.record(key_id)
        change = Change(
            record.key,
            kind,
            state_after(record.state, kind),
            terms or record.terms,
            self._approval.custodians,
            tuple(holders),
            self._approval.minutes(record.key),
            self._approval.proposal,
            reason=self._approval.reason,
            quorum=quorum,
        )
        self._journal.append([change], self._store.sign)
        if kind is ChangeKind.DESTROYED:
            self._store.destroy(record.key)
            self._store.commit()
        return self._journal.inventory.record(key_id)

    def rotate(self, label: str, *, overlap_until: datetime | None = None) -> Key:
        """Make the label's next version and activate it; the one before goes on until it expires.

        Args:
            label: of a key.
            overlap_until: when the version before shall stop protecting; None, at once: it is
                deactivated, and still opens what it protected.

        Raises:
            HsmError: KEY_UNKNOWN.
        """
        before = self._template(label)
        terms = replace(before.terms, activation=None, expiry=None)
        key = self.generate(label, before.key.usage, before.key.algorithm, terms)
        self.change(key.key_id, ChangeKind.ACTIVATED)
        if before.state is not State.ACTIVE:
            return key  # compromised, say: there is nothing to end
        if overlap_until is None:
            self.change(before.key.key_id, ChangeKind.DEACTIVATED)
        else:
            ending = replace(before.terms, expiry=overlap_until)
            self.change(before.key.key_id, ChangeKind.LIMITED, terms=ending)
        return key

    def enrol(self, key: Key, public: bytes, terms: Terms) -> None:
        """Take up a key whose private half is somebody else's: a custodian's.

        Raises:
            HsmError: KEY_EXISTS.
        """
        made = self._beginning(key, ChangeKind.IMPORTED, terms, (), public)
        active = replace(made, kind=ChangeKind.ACTIVATED, state=State.ACTIVE, public=b"")
        self._journal.append([made, active], self._store.sign)

    def value(self, key_id: str) -> tuple[KeyRecord, SecretBytes]:
        """Give a value out, to be split or wrapped at once, and then journalled as exported.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_NOT_EXPORTABLE, or KEY_TRANSITION.
        """
        record = self._journal.inventory.record(key_id)
        state_after(record.state, ChangeKind.EXPORTED)
        if not record.terms.exportable:
            raise HsmError("KEY_NOT_EXPORTABLE", f"{key_id} came in not to leave again.")
        return record, self._store.value(record.key)

    def _template(self, label: str) -> KeyRecord:
        """Return what the next version shall be like: the newest active one, else the newest."""
        versions = self._journal.inventory.versions(label)
        if not versions:
            raise HsmError("KEY_UNKNOWN", f"There is no key {label}: generate it.")
        return next((each for each in versions if each.state is State.ACTIVE), versions[0])

    def _version(self, label: str, usage: Usage, terms: Terms) -> int:
        """Return the next version, free of what a crash left of it.

        All versions of a label are for the same: a newer one takes over whatever names the label.
        """
        for before in self._journal.inventory.versions(label)[:1]:
            if before.key.usage is not usage:
                raise HsmError("KEY_USAGE", f"{label} is for {before.key.usage.value} alone.")
            if before.terms.environment != terms.environment:
                raise HsmError(
                    "KEY_ENVIRONMENT",
                    f"{label} has {before.terms.environment} keys alone: take another label.",
                )
        version = self._journal.inventory.next_version(label)
        held = list(self._store.keys())
        for stray in (key for key in held if key.key_id == f"{label}#{version}"):
            self._store.destroy(stray)
        return version

    def _begin(self, key: Key, kind: ChangeKind, terms: Terms, holders: Sequence[str] = ()) -> Key:
        self._store.commit()
        change = self._beginning(key, kind, terms, holders, _public(key, self._store))
        self._journal.append([change], self._store.sign)
        return key

    def _beginning(
        self, key: Key, kind: ChangeKind, terms: Terms, holders: Sequence[str], public: bytes
    ) -> Change:
        return Change(
            key,
            kind,
            State.PRE_ACTIVATION,
            terms,
            self._approval.custodians,
            tuple(holders),
            self._approval.minutes(key),
            self._approval.proposal,
            public,
            self._approval.reason,
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


def begun(key: Key, terms: Terms, backend: Backend) -> Change:
    """Tell of a key that the set-up made."""
    public = _public(key, backend)
    return Change(key, ChangeKind.GENERATED, State.PRE_ACTIVATION, terms, public=public)


def _public(key: Key, backend: Backend) -> bytes:
    return backend.public_value(key) if key.algorithm.family in PAIRS else b""
