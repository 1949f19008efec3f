from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from cardwright.hsm.port import HsmError
from services.keymanagement.module.inventory.inventory import Terms
from services.keymanagement.module.inventory.journal import Journal, changing
from services.keymanagement.module.inventory.keeper import Keeper
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.provision import beginnings
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.software import SoftwareBackend

TERMS = Terms("test", "aurora-bank")


@pytest.fixture
def store() -> SoftwareBackend:
    return SoftwareBackend(make_keys(["aurora-bank"], ["site-1"]))


@pytest.fixture
def path(tmp_path: Path, store: SoftwareBackend) -> Path:
    path = tmp_path / "journal"
    Journal(path).append(beginnings(store.keys(), store), store.sign)
    return path


def broken(path: Path) -> str:
    with pytest.raises(HsmError) as caught:
        Journal(path)
    return caught.value.code


def test_what_was_written_is_read_by_others_without_a_restart(
    path: Path, store: SoftwareBackend
) -> None:
    reader, writer = Journal(path), Journal(path)
    assert not reader.refresh()
    key = Keeper(store, writer).rotate("aurora-bank/CVK")
    assert reader.refresh()
    assert reader.head == writer.head
    assert reader.inventory.newest("aurora-bank/CVK") == key
    assert reader.inventory.record("aurora-bank/CVK#1").state is State.DEACTIVATED
    assert path.stat().st_mode & 0o077 == 0


def test_entries_can_be_checked_by_other_programs(path: Path) -> None:
    previous = bytes(32)
    for line in path.read_bytes().splitlines():
        text, _, _ = line.partition(b"\t")
        assert json.loads(text)["previous"] == previous.hex()
        previous = sha256(text).digest()
    assert Journal(path).head == previous


def test_any_entry_that_was_changed_moved_or_left_out_is_found(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[6].replace(b'"test"', b'"live"')
    for forged in (
        [*lines[:6], changed, *lines[7:]],
        [*lines[:6], *lines[7:]],
        [*lines[:6], lines[7], lines[6], *lines[8:]],
        [*lines, lines[-1]],
        lines[1:],
        [*lines, b"{}\n"],
        [lines[0].replace(b"\t", b" "), *lines[1:]],
    ):
        path.write_bytes(b"".join(forged))
        assert broken(path) == "JOURNAL_BROKEN"


def test_another_keys_signature_is_none(path: Path, tmp_path: Path) -> None:
    other = SoftwareBackend(make_keys([], []))
    foreign = tmp_path / "foreign"
    Journal(foreign).append(beginnings(other.keys(), other), other.sign)
    path.write_bytes(
        path.read_bytes().splitlines(keepends=True)[0]
        + b"".join(foreign.read_bytes().splitlines(keepends=True)[1:])
    )
    assert broken(path) == "JOURNAL_BROKEN"


def test_a_journal_that_lost_its_end_is_told_by_who_knew_it(path: Path) -> None:
    journal = Journal(path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(HsmError) as caught:
        journal.refresh()
    assert caught.value.code == "JOURNAL_TRUNCATED"


def test_an_entry_that_a_crash_cut_short_was_never_there(
    path: Path, store: SoftwareBackend
) -> None:
    before = len(Journal(path).entries)
    whole = path.read_bytes()
    for cut in (1, 30, len(whole.splitlines(keepends=True)[-1]) - 1):
        path.write_bytes(whole[:-cut])
        assert len(Journal(path).entries) == before - 1
    Keeper(store, Journal(path)).generate(
        "aurora-bank/CVK", Usage.CVK, Usage.CVK.algorithms[0], TERMS
    )
    assert len(Journal(path).entries) == before


def test_the_modules_own_key_rotates_and_a_compromised_one_signs_no_more(
    path: Path, store: SoftwareBackend
) -> None:
    journal = Journal(path)
    keeper = Keeper(store, journal)
    keeper.rotate("sign/module")
    keeper.change("sign/module#1", ChangeKind.COMPROMISED)
    last = path.read_bytes().splitlines()[-1].partition(b"\t")[0]
    assert json.loads(last)["signer"] == "sign/module#2"
    assert Journal(path).head == journal.head


def test_one_console_at_a_time(tmp_path: Path) -> None:
    with changing(tmp_path), pytest.raises(HsmError) as caught, changing(tmp_path):
        pass
    assert caught.value.code == "KEYS_BUSY"


def test_a_value_without_an_entry_is_replaced_and_one_that_ended_is_swept(
    path: Path, store: SoftwareBackend
) -> None:
    algorithm = Usage.CVK.algorithms[0]
    stray = store.generate("aurora-bank/CVK", 2, Usage.CVK, algorithm)
    keeper = Keeper(store, Journal(path))
    key = keeper.generate("aurora-bank/CVK", Usage.CVK, algorithm, TERMS)
    assert key.version == stray.version
    assert [each for each in list(store.keys()) if each.key_id == key.key_id] == [key]
    value = store.value(key)
    keeper.change(key.key_id, ChangeKind.DESTROYED)
    store.put("aurora-bank/CVK", 2, Usage.CVK, algorithm, value)  # as after a crash in between
    Keeper(store, Journal(path))
    assert key not in list(store.keys())
