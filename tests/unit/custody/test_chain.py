from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.custody.chain import ChainError, ChainHead, check_link, event_hash


def test_event_hash_is_the_leaf_hash() -> None:
    assert event_hash(b"event") == sha256(b"\0event").digest()


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_a_chain_of_events_links(events: list[bytes]) -> None:
    head = ChainHead("card")
    for sequence, event in enumerate(events, start=1):
        check_link(head, "card", sequence, head.hash)
        head = head.extend(event)
    assert head.sequence == len(events)
    assert head.hash == (event_hash(events[-1]) if events else b"")


@pytest.mark.parametrize(
    ("stream", "sequence", "previous", "code"),
    [
        ("other", 2, event_hash(b"1"), "CHAIN_STREAM"),
        ("card", 1, event_hash(b"1"), "CHAIN_GAP"),
        ("card", 3, event_hash(b"1"), "CHAIN_GAP"),
        ("card", 2, event_hash(b"one"), "CHAIN_PREVIOUS"),
        ("card", 2, b"", "CHAIN_PREVIOUS"),
    ],
)
def test_a_break_is_told_by_its_kind(
    stream: str, sequence: int, previous: bytes, code: str
) -> None:
    head = ChainHead("card").extend(b"1")
    with pytest.raises(ChainError) as caught:
        check_link(head, stream, sequence, previous)
    assert caught.value.code == code
