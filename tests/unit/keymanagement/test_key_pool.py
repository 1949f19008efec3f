from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.rsa import generate_rsa
from cardwright.hsm.port import HsmError
from services.keymanagement.module.pool.marks import MARKS_FILE, Marks, load_marks, save_marks
from services.keymanagement.module.pool.pairs import PairPool
from services.keymanagement.module.pool.store import Demand, PairStore, SealedPair, Taken

SIZE, OTHER = (1152, 3), (1408, 3)


def pair(name: str, size: tuple[int, int] = SIZE) -> SealedPair:
    return SealedPair(name, name.encode(), *size, b"sealed " + name.encode())


def filled(count: int, size: tuple[int, int] = SIZE) -> PairStore:
    store = PairStore(":memory:")
    store.add([pair(f"{size[0]}-{number}", size) for number in range(count)])
    return store


def take(store: PairStore, *holders: str, size: tuple[int, int] = SIZE) -> list[list[Taken] | None]:
    return store.take([[Demand(holder, *size)] for holder in holders])


def test_each_holder_has_a_pair_of_its_own_and_the_same_again() -> None:
    store = filled(3)
    first = take(store, "a", "b")
    assert take(store, "b", "a") == first[::-1]
    (third,) = take(store, "c")
    assert third is not None
    assert len({each[0].number for each in (*first, third) if each is not None}) == 3
    assert (store.ready(), store.used()) == ({}, {SIZE: 3})
    assert take(store, "d") == [None]


def test_a_card_gets_all_its_pairs_or_none() -> None:
    store = filled(2)
    store.add([pair("pin", OTHER)])
    card_a = [Demand("a/icc", *SIZE), Demand("a/pin", *OTHER)]
    card_b = [Demand("b/icc", *SIZE), Demand("b/pin", *OTHER)]
    got_a, got_b = store.take([card_a, card_b])
    assert got_a is not None
    assert got_b is None
    assert store.ready() == {SIZE: 1}
    (held_b,) = store.take([[Demand("b/icc", *SIZE)]])
    assert held_b is not None


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 4)),
            st.tuples(st.just("take"), st.lists(st.integers(0, 9), max_size=4, unique=True)),
            st.tuples(st.just("wipe"), st.none()),
        ),
        max_size=20,
    )
)
def test_no_pair_ever_has_two_holders(steps: list[tuple[str, object]]) -> None:
    store, holders, made = PairStore(":memory:"), dict[int, str](), 0
    for step, value in steps:
        if step == "add":
            assert isinstance(value, int)
            store.add([pair(f"p{made + number}") for number in range(value)])
            made += value
        elif step == "take":
            assert isinstance(value, list)
            names = [f"card-{each}" for each in value]
            for name, taken in zip(names, take(store, *names), strict=True):
                for each in taken or []:
                    assert holders.setdefault(each.number, name) == name
        else:
            store.wipe(time.time() + 10)
    assert sum(store.used().values()) == len(holders)
    assert sum(store.ready().values()) == made - len(holders)


def test_a_wiped_key_is_gone_and_its_holder_gets_another() -> None:
    store = filled(2)
    (before,) = take(store, "a")
    assert store.wipe(time.time() - 60) == 0
    assert store.wipe(time.time() + 10) == 1
    assert store.wipe(time.time() + 10) == 0
    (after,) = take(store, "a")
    assert before is not None
    assert after is not None
    assert after[0].number != before[0].number
    assert store.used() == {SIZE: 2}


def test_no_pair_comes_in_twice() -> None:
    store = filled(1)
    again = SealedPair("other-name", b"1152-0", *SIZE, b"the same key")
    with pytest.raises(sqlite3.IntegrityError):
        store.add([pair("fresh"), again])
    assert store.ready() == {SIZE: 1}


def test_claims_outlive_the_process_and_others_see_them(tmp_path: Path) -> None:
    path = tmp_path / "pool.sqlite3"
    first = PairStore(path)
    first.add([pair("a"), pair("b")])
    (claimed,) = take(first, "card")
    other = PairStore(path)
    assert take(other, "card") == [claimed]
    (another,) = take(other, "another")
    assert another != claimed
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_waiting_mends_and_what_not() -> None:
    pool = PairPool(PairStore(":memory:"), [Marks(*SIZE, 1, 2)])
    pool.require_size(Demand("a", *SIZE))
    with pytest.raises(HsmError) as never:
        pool.require_size(Demand("a", *OTHER))
    assert never.value.code == "POOL_SIZE"
    (empty,) = pool.take([[Demand("a", *SIZE)]])
    assert isinstance(empty, HsmError)
    assert empty.code == "POOL_EMPTY"


@pytest.mark.parametrize(
    "marks", [(1150, 3, 1, 2), (1992, 3, 1, 2), (1152, 5, 1, 2), (1152, 3, 0, 2), (1152, 3, 3, 2)]
)
def test_marks_that_make_no_sense_are_refused(marks: tuple[int, int, int, int]) -> None:
    with pytest.raises(HsmError) as caught:
        Marks(*marks)
    assert caught.value.code == "POOL_MARKS"


def test_marks_are_kept_beside_the_keys(tmp_path: Path) -> None:
    assert load_marks(tmp_path) == []
    marks = [Marks(1152, 3, 8, 16), Marks(1408, 65537, 1, 1)]
    save_marks(tmp_path, marks)
    assert load_marks(tmp_path) == marks
    (tmp_path / MARKS_FILE).write_text('[{"bits": 1152}]')
    with pytest.raises(HsmError) as caught:
        load_marks(tmp_path)
    assert caught.value.code == "POOL_MARKS"


def test_pairs_do_not_show() -> None:
    sealed = pair("a")
    assert "sealed a" not in repr(sealed)
    assert "sealed" not in repr(Taken(1, "a", b"sealed a"))
    assert generate_rsa(1024, 3).modulus.hex() not in repr(sealed)
