from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip.apdu import Refusal, Status
from cardwright.chip.keys import Key, KeySet, KeyStore, KeyType

AES, OTHER_AES = Key(KeyType.AES, bytes(16)), Key(KeyType.AES, bytes(range(16)))
LONG_AES = Key(KeyType.AES, bytes(32))
TDES, OTHER_TDES = Key(KeyType.TDES, bytes(16)), Key(KeyType.TDES, bytes(range(16)))


def three(key: Key) -> dict[int, Key]:
    return dict.fromkeys((1, 2, 3), key)


def store(*sets: KeySet, limit: int = 4) -> KeyStore:
    return KeyStore(limit, list(sets))


def versions(keys: KeyStore) -> list[int]:
    return [each.version for each in keys.sets]


def refused(keys: KeyStore, old: int, new: int, added: dict[int, Key]) -> int:
    """The status word of a refusal; nothing may have changed."""
    before = deepcopy(keys.sets)
    with pytest.raises(Refusal) as refusal:
        keys.put(old, new, added)
    assert keys.sets == before
    return refusal.value.status


def test_a_set_opens_a_channel_when_its_three_keys_are_alike() -> None:
    assert KeySet(1, three(AES)).protocol == 3
    assert KeySet(1, three(TDES)).protocol == 2
    assert KeySet(1, three(AES) | {9: TDES}).protocol == 3
    assert KeySet(1, {1: AES, 2: AES}).protocol is None
    assert KeySet(1, three(AES) | {3: LONG_AES}).protocol is None
    assert KeySet(1, three(AES) | {3: TDES}).protocol is None


def test_the_default_is_the_first_usable_set() -> None:
    keys = store(KeySet(7, {1: AES}), KeySet(5, three(AES)), KeySet(6, three(TDES)))
    default = keys.find(0)
    assert default is not None
    assert default.version == 5
    assert keys.find(9) is None


def test_new_keys_come_last_and_begin_to_count() -> None:
    keys = store(KeySet(0x30, three(AES), 5, 2))
    keys.put(0, 0x31, three(OTHER_AES))
    assert keys.sets == [KeySet(0x30, three(AES), 5, 2), KeySet(0x31, three(OTHER_AES))]


def test_keys_can_be_added_to_a_version() -> None:
    keys = store(KeySet(0x30, three(AES), 5, 2), KeySet(0x20, three(TDES), 6, 3))
    keys.put(0, 0x30, {4: LONG_AES})
    keys.put(0, 0x20, {4: LONG_AES})
    assert keys.sets[0] == KeySet(0x30, three(AES) | {4: LONG_AES}, 5, 2)
    assert (keys.sets[1].sequence, keys.sets[1].failures) == (6, 3)


def test_replaced_keys_keep_their_place_and_lose_their_counters() -> None:
    keys = store(KeySet(0x30, three(AES), 5, 2), KeySet(0x20, three(TDES), 6, 3))
    keys.put(0x30, 0x35, three(OTHER_AES))
    assert versions(keys) == [0x35, 0x20]
    assert keys.sets[0] == KeySet(0x35, three(OTHER_AES))
    keys.put(0x20, 0x20, three(OTHER_TDES))
    assert keys.sets[1] == KeySet(0x20, three(OTHER_TDES))


def test_one_replaced_key_restarts_the_counter_of_scp02_but_not_of_scp03() -> None:
    """GP 2.3.1, E.1.2; Amendment D, 6.2.2.1."""
    keys = store(KeySet(0x30, three(AES), 5, 2), KeySet(0x20, three(TDES), 6, 3))
    keys.put(0x30, 0x30, {2: OTHER_AES})
    keys.put(0x20, 0x20, {2: OTHER_TDES})
    assert [each.sequence for each in keys.sets] == [5, 0]
    assert keys.sets[0].keys == three(AES) | {2: OTHER_AES}


@pytest.mark.parametrize(
    ("old", "new", "added", "status"),
    [
        (0x40, 0x41, three(AES), Status.NO_REFERENCE),
        (0x30, 0x30, {4: AES}, Status.NO_REFERENCE),
        (0x30, 0x30, three(LONG_AES), Status.WRONG_DATA),
        (0x30, 0x30, three(TDES), Status.WRONG_DATA),
        (0, 0x30, {3: AES, 4: AES}, Status.WRONG_DATA),
        (0x30, 0x20, three(AES), Status.WRONG_DATA),
        (0, 0x34, three(AES), Status.NO_MEMORY),
    ],
    ids=["no-version", "no-key", "length", "algorithm", "taken", "new-name-taken", "full"],
)
def test_what_is_refused_changes_nothing(
    old: int, new: int, added: dict[int, Key], status: Status
) -> None:
    keys = store(KeySet(0x30, three(AES)), KeySet(0x20, three(TDES)), limit=2)
    assert refused(keys, old, new, added) == status


def test_the_last_usable_set_stays_usable() -> None:
    keys = store(KeySet(0x30, three(AES)), KeySet(0x40, {1: AES}))
    assert refused(keys, 0x30, 0x31, {2: AES}) == Status.NOT_NOW
    for version, identifier in ((0x30, None), (0x30, 3), (None, 3), (None, None)):
        with pytest.raises(Refusal, match="6985"):
            keys.delete(version, identifier)
    keys.delete(0x40, None)
    assert versions(keys) == [0x30]
    with pytest.raises(Refusal, match="6A88"):
        keys.delete(0x40, None)


def test_one_key_is_deleted_by_version_and_identifier() -> None:
    keys = store(KeySet(0x30, three(AES) | {4: AES}), KeySet(0x20, three(TDES) | {4: TDES}))
    keys.delete(0x30, 4)
    assert [sorted(each.keys) for each in keys.sets] == [[1, 2, 3], [1, 2, 3, 4]]
    keys.delete(None, 4)
    assert [sorted(each.keys) for each in keys.sets] == [[1, 2, 3], [1, 2, 3]]


any_keys = st.dictionaries(
    st.integers(1, 4), st.sampled_from([AES, OTHER_AES, LONG_AES, TDES]), min_size=1, max_size=4
)
puts = st.tuples(st.just("put"), st.integers(0, 4), st.integers(1, 4), any_keys)
deletions = st.tuples(
    st.just("delete"),
    st.none() | st.integers(1, 4),
    st.none() | st.integers(1, 4),
    st.just(dict[int, Key]()),
)


@given(st.lists(puts | deletions, max_size=12))
def test_whatever_comes_is_done_whole_or_not_at_all(
    steps: list[tuple[str, int, int, dict[int, Key]]],
) -> None:
    keys = store(KeySet(1, three(AES)), limit=3)
    for kind, first, second, added in steps:
        before = deepcopy(keys.sets)
        try:
            if kind == "put":
                keys.put(first, second, added)
            else:
                keys.delete(first, second)
        except Refusal:
            assert keys.sets == before
            continue
        assert keys.sets != before or kind == "put"
        assert len(set(versions(keys))) == len(keys.sets) <= 3
        assert keys.find(0) is not None
        assert all(each.keys for each in keys.sets)
        if kind == "put":
            made = keys.find(second)
            assert made is not None
            assert added.items() <= made.keys.items()
