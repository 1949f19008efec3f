from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cardwright.hsm.port import HsmError
from services.keymanagement.module.inventory.counts import UseCounts
from services.keymanagement.module.inventory.directory import KeyDirectory
from services.keymanagement.module.inventory.inventory import Change, Inventory, Terms
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State, Work, state_after
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.values import make

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
TERMS = Terms("test", "aurora-bank")
USAGE = Usage.CVK
ALGORITHM = USAGE.algorithms[0]


class Shelf:
    """A backend and the inventory of its keys, without a journal."""

    def __init__(self) -> None:
        self.backend = SoftwareBackend({})
        self.inventory = Inventory()

    def key(self, version: int, state: State, terms: Terms = TERMS) -> Key:
        value = make(USAGE, ALGORITHM)
        key = self.backend.put("k", version, USAGE, ALGORITHM, value)
        self.inventory.apply(Change(key, ChangeKind.GENERATED, State.PRE_ACTIVATION, terms))
        for kind in _WAY[state]:
            self.change(key, kind, terms)
        return key

    def change(self, key: Key, kind: ChangeKind, terms: Terms = TERMS) -> None:
        before = self.inventory.record(key.key_id).state
        self.inventory.apply(Change(key, kind, state_after(before, kind), terms))


_WAY = {
    State.PRE_ACTIVATION: (),
    State.ACTIVE: (ChangeKind.ACTIVATED,),
    State.SUSPENDED: (ChangeKind.ACTIVATED, ChangeKind.SUSPENDED),
    State.DEACTIVATED: (ChangeKind.ACTIVATED, ChangeKind.DEACTIVATED),
    State.COMPROMISED: (ChangeKind.COMPROMISED,),
    State.DESTROYED: (ChangeKind.DESTROYED,),
}
# SP 800-57 part 1 rev. 5, 7.1 to 7.6, told a second time: who may go where.
_STANDARD = {
    State.PRE_ACTIVATION: {State.ACTIVE, State.COMPROMISED, State.DESTROYED},
    State.ACTIVE: {State.SUSPENDED, State.DEACTIVATED, State.COMPROMISED, State.DESTROYED},
    State.SUSPENDED: {State.ACTIVE, State.DEACTIVATED, State.COMPROMISED, State.DESTROYED},
    State.DEACTIVATED: {State.COMPROMISED, State.DESTROYED},
    State.COMPROMISED: {State.DESTROYED},
    State.DESTROYED: set(),
}
_TO = {
    ChangeKind.ACTIVATED: State.ACTIVE,
    ChangeKind.SUSPENDED: State.SUSPENDED,
    ChangeKind.DEACTIVATED: State.DEACTIVATED,
    ChangeKind.COMPROMISED: State.COMPROMISED,
    ChangeKind.DESTROYED: State.DESTROYED,
}


def refused(
    directory: KeyDirectory, name: str, work: Work = Work.PROTECT, environment: str = ""
) -> str:
    with pytest.raises(HsmError) as caught:
        directory.find(name, USAGE, work, environment=environment)
    return caught.value.code


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("kind", _TO)
def test_keys_go_the_standards_ways_alone(before: State, kind: ChangeKind) -> None:
    if _TO[kind] in _STANDARD[before]:
        assert state_after(before, kind) is _TO[kind]
        return
    with pytest.raises(HsmError) as caught:
        state_after(before, kind)
    assert caught.value.code == "KEY_TRANSITION"


@pytest.mark.parametrize(
    ("state", "protects", "processes"),
    [
        (State.PRE_ACTIVATION, "KEY_INACTIVE", "KEY_INACTIVE"),
        (State.ACTIVE, "", ""),
        (State.SUSPENDED, "KEY_INACTIVE", ""),
        (State.DEACTIVATED, "KEY_INACTIVE", ""),
        (State.COMPROMISED, "KEY_COMPROMISED", "KEY_COMPROMISED"),
        (State.DESTROYED, "KEY_DESTROYED", "KEY_DESTROYED"),
    ],
)
def test_what_a_state_allows(state: State, protects: str, processes: str) -> None:
    shelf = Shelf()
    key = shelf.key(1, state)
    directory = KeyDirectory(shelf.backend, shelf.inventory)
    for work, code in ((Work.PROTECT, protects), (Work.PROCESS, processes)):
        for name in ("k", "k#1"):
            if code:
                assert refused(directory, name, work) == code
            else:
                assert directory.find(name, USAGE, work) is key


def test_dates_count_as_states() -> None:
    shelf = Shelf()
    shelf.key(1, State.ACTIVE, Terms("test", "bureau", expiry=NOW - DAY))
    shelf.key(2, State.ACTIVE, Terms("test", "bureau", activation=NOW + DAY))
    directory = KeyDirectory(shelf.backend, shelf.inventory)
    assert refused(directory, "k#1") == refused(directory, "k#2") == "KEY_INACTIVE"
    assert refused(directory, "k#2", Work.PROCESS) == "KEY_INACTIVE"
    assert directory.find("k#1", USAGE, Work.PROCESS).version == 1


def test_a_label_means_its_newest_version_that_may() -> None:
    shelf = Shelf()
    second = shelf.key(2, State.ACTIVE)
    tenth = shelf.key(10, State.PRE_ACTIVATION)
    directory = KeyDirectory(shelf.backend, shelf.inventory)
    assert directory.find("k", USAGE) is second
    shelf.change(tenth, ChangeKind.ACTIVATED)
    assert directory.find("k", USAGE) is tenth
    shelf.change(tenth, ChangeKind.COMPROMISED)
    assert directory.find("k", USAGE) is second
    assert refused(directory, "k#3") == "KEY_UNKNOWN"
    with pytest.raises(HsmError) as caught:
        directory.find("k", Usage.SIGN)
    assert caught.value.code == "KEY_USAGE"


def test_a_test_key_touches_no_live_card_nor_the_reverse() -> None:
    shelf = Shelf()
    shelf.key(1, State.ACTIVE, Terms("live", "aurora-bank"))
    directory = KeyDirectory(shelf.backend, shelf.inventory)
    assert refused(directory, "k", environment="test") == "KEY_ENVIRONMENT"
    assert refused(directory, "k", Work.PROCESS, environment="test") == "KEY_ENVIRONMENT"
    assert directory.find("k", USAGE, environment="live").version == 1


def test_a_key_that_no_journal_knows_is_not_used() -> None:
    shelf = Shelf()
    shelf.backend.put("stray", 1, USAGE, ALGORITHM, make(USAGE, ALGORITHM))
    directory = KeyDirectory(shelf.backend, shelf.inventory)
    assert refused(directory, "stray") == "KEY_UNKNOWN"


def test_uses_are_counted_against_the_limit_and_never_too_low(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.key(1, State.ACTIVE, Terms("test", "bureau", limit=500))
    path = tmp_path / "uses"

    def opened() -> tuple[KeyDirectory, UseCounts]:
        counts = UseCounts(path)
        return KeyDirectory(shelf.backend, shelf.inventory, counts), counts

    directory, _ = opened()
    for _ in range(101):
        directory.find("k", USAGE)
    directory, counts = opened()  # after a crash
    for _ in range(398):
        directory.find("k", USAGE)
    assert refused(directory, "k") == "KEY_USED_UP"
    counts.close()
    assert refused(opened()[0], "k") == "KEY_USED_UP"


def test_an_orderly_end_loses_no_use(tmp_path: Path) -> None:
    counts = UseCounts(tmp_path / "uses")
    counts.add("k#1", 7, 10)
    counts.close()
    again = UseCounts(tmp_path / "uses")
    again.add("k#1", 3, 10)
    with pytest.raises(HsmError):
        again.add("k#1", 1, 10)
