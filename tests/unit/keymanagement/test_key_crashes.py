"""Lives of keys at random, with crashes at every durable step: the journal and values stay one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.inventory import Terms
from services.keymanagement.module.inventory.journal import Journal
from services.keymanagement.module.inventory.keeper import Keeper
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State, Work, state_after
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.provision import beginnings
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.software import SoftwareBackend

LABELS: Final = ("acme/CVK", "acme/PVK")
USAGES: Final = dict(zip(LABELS, (Usage.CVK, Usage.PVK), strict=True))
TERMS: Final = Terms("test", "acme")
KINDS: Final = [kind for kind in ChangeKind if not kind.begins]
NEVER: Final = 99


class CrashError(Exception):
    """The process died."""


class Power:
    """Goes off before a durable step, or in the middle of it."""

    def __init__(self) -> None:
        self.steps = NEVER

    def goes_off(self) -> bool:
        self.steps -= 1
        return self.steps < 0


class Store(SoftwareBackend):
    """Memory, and what of it is durable: all as of the last commit."""

    def __init__(self, durable: dict[Key, SecretBytes], power: Power) -> None:
        super().__init__(durable)
        self._durable, self._power = durable, power

    def commit(self) -> None:
        if self._power.goes_off():
            raise CrashError
        self._durable.clear()
        self._durable.update(self.values)


class TornJournal(Journal):
    """Writes as much as the power lets it."""

    def __init__(self, path: Path, power: Power) -> None:
        self.power = power
        self.torn = 0.0
        super().__init__(path)

    def _write(self, lines: bytes) -> None:
        if not self.power.goes_off():
            super()._write(lines)
            return
        with self._path.open("ab") as file:
            file.write(lines[: int(len(lines) * self.torn)])
        raise CrashError


class Lives(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cardwright-lives-"))
        self.durable: dict[Key, SecretBytes] = {
            key: value
            for key, value in make_keys([], []).items()
            if key.label in {"sign/module", "bureau/KBPK"}
        }
        self.power = Power()
        backend = SoftwareBackend(self.durable)
        Journal(self.folder / "journal").append(beginnings(backend.keys(), backend), backend.sign)
        self.states: dict[str, State] = {}
        self.open()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def open(self) -> None:
        """Start, as a console does: from what is durable alone."""
        self.power.steps = NEVER
        self.store = Store(self.durable, self.power)
        self.journal = TornJournal(self.folder / "journal", self.power)
        self.keeper = Keeper(self.store, self.journal)

    def attempt(self, what: object, after: dict[str, State], steps: int, torn: float) -> None:
        """Do something that may die; then its change happened, or it did not."""
        self.power.steps, self.journal.torn = steps, torn
        try:
            what()  # type: ignore[operator]  # a function
        except CrashError:
            self.open()
            told = self.told()
            assert told in (self.states, after), "half a change"
            self.states = told
        else:
            self.power.steps = NEVER
            self.states = after

    def told(self) -> dict[str, State]:
        return {
            record.key.key_id: record.state
            for record in self.journal.inventory.records()
            if record.key.label in LABELS
        }

    crash = st.sampled_from([NEVER, NEVER, 0, 1, 2])
    torn = st.floats(0, 1)

    @rule(label=st.sampled_from(LABELS), steps=crash, torn=torn)
    def generate(self, label: str, steps: int, torn: float) -> None:
        usage = USAGES[label]
        version = self.journal.inventory.next_version(label)
        after = {**self.states, f"{label}#{version}": State.PRE_ACTIVATION}

        def make() -> None:
            key = self.keeper.generate(label, usage, usage.algorithms[0], TERMS)
            assert key.version == version

        self.attempt(make, after, steps, torn)

    @rule(data=st.data(), kind=st.sampled_from(KINDS), steps=crash, torn=torn)
    def change(self, data: st.DataObject, kind: ChangeKind, steps: int, torn: float) -> None:
        if not self.states:
            return
        key_id = data.draw(st.sampled_from(sorted(self.states)))
        try:
            state = state_after(self.states[key_id], kind)
        except HsmError:
            head = self.journal.head
            try:
                self.keeper.change(key_id, kind)
            except HsmError as error:
                assert error.code == "KEY_TRANSITION"  # noqa: PT017  # within a state machine
            assert self.journal.head == head
            return
        after = {**self.states, key_id: state}
        self.attempt(lambda: self.keeper.change(key_id, kind), after, steps, torn)

    @invariant()
    def another_reader_sees_the_same(self) -> None:
        reader = Journal(self.folder / "journal")
        assert reader.head == self.journal.head
        assert self.told() == self.states

    @invariant()
    def values_are_those_of_the_journal(self) -> None:
        held = {key.key_id: key for key in self.durable}
        for key_id, state in self.states.items():
            if state is State.DESTROYED:
                assert key_id not in held or self.pending(key_id)
            else:
                assert held[key_id] == self.journal.inventory.record(key_id).key

    def pending(self, key_id: str) -> bool:
        """A destroyed value waits for the keeper's next start at most."""
        Keeper(self.store, self.journal)
        return key_id not in {key.key_id for key in self.durable}

    @invariant()
    def verbs_use_what_the_state_allows(self) -> None:
        directory = KeyDirectory(self.store, self.journal.inventory)
        for key_id, state in self.states.items():
            for work in Work:
                usage = USAGES[key_id.partition("#")[0]]
                try:
                    found = directory.find(key_id, usage, work).key_id == key_id
                except HsmError:
                    found = False
                assert found is state.allows(work)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
