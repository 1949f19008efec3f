"""Finds keys for verbs: the right purpose, a state that allows the work, and uses left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from cardwright.hsm.port import HsmError, JournalEntry, PublicKey
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.inventory.counts import UseCounts
from services.keymanagement.module.inventory.inventory import Inventory, KeyRecord
from services.keymanagement.module.inventory.journal import Journal
from services.keymanagement.module.inventory.lifecycle import State, Work
from services.keymanagement.module.keys import Key, Usage

__all__ = ["KeyDirectory"]


class KeyDirectory:
    """The keys of one backend, as far as the inventory lets them be used now.

    It takes up every change of the inventory by itself. A key that no journal knows is not used.

    Args:
        backend: holds the keys.
        inventory: says what each may do.
        counts: how often each was used; left out, limits don't hold.
        journal: where the inventory comes from, looked at before each use of a key; left out, the
            inventory is what it is.
    """

    def __init__(
        self,
        backend: Backend,
        inventory: Inventory,
        counts: UseCounts | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._backend = backend
        self._inventory = inventory
        self._counts = counts
        self._journal = journal
        self._names: dict[str, list[Key]] = {}
        self._generation = -1
        self._look()

    def find(
        self,
        name: str,
        usage: Usage,
        work: Work = Work.PROTECT,
        *,
        environment: str = "",
        uses: int = 1,
    ) -> Key:
        """Find a key by its id ("label#version"), or by its label the newest that may be used.

        Args:
            name: which key.
            usage: the purpose that it must have.
            work: what it is asked to do.
            environment: of the card that it is for; empty where there is no card.
            uses: how many uses to count.

        Raises:
            HsmError: KEY_UNKNOWN, KEY_USAGE, KEY_INACTIVE, KEY_COMPROMISED, KEY_DESTROYED,
                KEY_ENVIRONMENT or KEY_USED_UP.
        """
        return next(self._usable(name, usage, work, environment, uses))

    def candidates(self, name: str, usage: Usage, *, environment: str) -> Iterator[Key]:
        """Yield the versions that may process what came before a rotation, the newest first.

        Each one that is asked for counts as used.

        Raises:
            HsmError: as ``find``, where there is none.
        """
        return self._usable(name, usage, Work.PROCESS, environment, 1)

    def environment(self, key: Key) -> str:
        """Tell whether a key is for test or live cards."""
        return self._inventory.record(key.key_id).terms.environment

    def public_keys(self, prefix: str) -> list[PublicKey]:
        """List public keys whose label begins so, whatever token holds their private halves.

        What a destroyed key signed must be verified for ever, so only destroyed keys of other
        purposes are left out.
        """
        self._look()
        now = datetime.now(UTC)
        return [
            PublicKey(
                record.key.key_id,
                record.key.algorithm.family.value,
                record.public,
                record.state_at(now).value,
            )
            for record in self._inventory.records()
            if record.public
            and record.key.label.startswith(prefix)
            and (record.state is not State.DESTROYED or record.key.usage is Usage.SIGN)
        ]

    def history(self, after: int, limit: int) -> list[JournalEntry]:
        """Return changes of all keys, in order: those after an entry, no more than a limit."""
        if self._journal is None:
            return []
        self._journal.refresh()
        return [entry.told() for entry in self._journal.entries[after : after + limit]]

    def _usable(
        self, name: str, usage: Usage, work: Work, environment: str, uses: int
    ) -> Iterator[Key]:
        self._look()
        refusal, found = None, False
        for key in self._names.get(name, ()):
            if key.usage is not usage:
                raise HsmError(
                    "KEY_USAGE", f"{name} was made for {key.usage.value}, not {usage.value}."
                )
            try:
                self._use(self._inventory.record(key.key_id), work, environment, uses)
            except HsmError as error:
                refusal = refusal or error
                continue
            found = True
            yield key
        if not found:
            raise refusal or self._unknown(name)

    def _use(self, record: KeyRecord, work: Work, environment: str, uses: int) -> None:
        record.require(work, environment, datetime.now(UTC))
        if self._counts is not None:
            self._counts.add(record.key.key_id, uses, record.terms.limit)

    def _unknown(self, name: str) -> HsmError:
        for record in self._inventory.records():
            if name in {record.key.key_id, record.key.label} and record.state is State.DESTROYED:
                return HsmError("KEY_DESTROYED", f"{name} is destroyed: name another key.")
        return HsmError("KEY_UNKNOWN", f"There is no key {name}: create it, or correct the name.")

    def _look(self) -> None:
        if self._journal is not None:
            self._journal.refresh()
        if self._generation == self._inventory.generation:
            return
        self._backend.refresh()
        by_name: dict[str, list[Key]] = defaultdict(list)
        known = {
            record.key
            for record in self._inventory.records()
            if record.state is not State.DESTROYED
        }
        for key in sorted(self._backend.keys(), key=lambda each: -each.version):
            if key in known:
                by_name[key.key_id].append(key)
                by_name[key.label].append(key)
        self._names = dict(by_name)
        self._generation = self._inventory.generation
