from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardwright.card import Card
from cardwright.eventlog.complete import Complete
from cardwright.proto.query.v1 import query_pb2 as pb
from services.query.domain import Arrival, Head, card_message, entry_message
from tests.unit.audit.signed_logs import (
    LogMaker,
    card_id,
    life_of_a_badge,
    life_with_a_remake,
    shop_floor,
)

ONE = card_id(1)


def arrivals_of(log: LogMaker) -> list[Arrival]:
    return [Arrival(row.position, row.decode()) for row in log.rows]


def one_card() -> list[Arrival]:
    log = LogMaker()
    log.add(ONE, *life_with_a_remake(1))
    return arrivals_of(log)


def test_a_stream_takes_its_events_in_sequence() -> None:
    taken = Head(Card(ONE)).take(one_card())
    assert [each.head.sequence for each in taken.applied] == list(range(1, 13))
    message = card_message(taken.head)
    assert message.state == pb.CARD_STATE_DISPATCHED
    assert (message.attempt, message.sequence, message.next_operation) == (2, 12, "")
    assert message.created_at.seconds < message.updated_at.seconds


def test_what_is_there_is_dropped() -> None:
    head = Head(Card(ONE)).take(one_card()).head
    again = head.take(one_card())
    assert (again.applied, again.held, again.head) == ([], [], head)


def test_what_follows_a_gap_is_held() -> None:
    events = one_card()
    taken = Head(Card(ONE)).take([*events[:3], *events[4:]])
    assert taken.head.sequence == 3
    assert taken.held == events[4:]
    assert taken.head.take([*taken.held, events[3]]).head.sequence == 12


def test_an_event_with_another_predecessor_does_not_keep_the_place() -> None:
    events = one_card()
    log = LogMaker()
    log.add(ONE, *life_of_a_badge(2))
    stranger = arrivals_of(log)[3]
    head = Head(Card(ONE)).take(events[:3]).head
    taken = head.take([stranger])
    assert (taken.strangers, taken.applied, taken.head) == ([stranger], [], head)
    assert taken.head.take([stranger, *events]).head.sequence == 12


@given(st.data())
def test_any_order_in_any_batches_comes_to_the_same(data: st.DataObject) -> None:
    events = one_card()
    mixed = data.draw(st.permutations(events + events[::2]))
    cut = data.draw(st.integers(0, len(mixed)))
    first = Head(Card(ONE)).take(mixed[:cut])
    second = first.head.take([*first.held, *mixed[cut:]])
    assert second.head == Head(Card(ONE)).take(events).head
    assert second.held == []
    assert len(first.applied) + len(second.applied) == len(events)


@given(st.permutations(range(1, 40)), st.integers(1, 39))
def test_complete_never_passes_a_gap(positions: list[int], seen: int) -> None:
    complete = Complete()
    complete.add(positions[:seen])
    present = set(positions[:seen])
    assert set(range(1, complete.position + 1)) <= present
    assert complete.position + 1 not in present


def test_an_entry_tells_what_was_stated() -> None:
    entry = entry_message(one_card()[2].event)
    assert entry.kind == "printed"
    assert entry.signer == "sign/printing.site-1#1"
    assert entry.detail == "blank_serial=B-000001; device=printer-1"
    prepared = entry_message(one_card()[1].event)
    assert "route=PRINT,ENCODE,INSPECT,PACK,DISPATCH" in prepared.detail


def test_a_lot_is_no_card() -> None:
    assert not Head(Card(ONE)).is_card
    assert all(
        Head(Card(row.stream_id)).after(row.decode()).is_card for row in shop_floor(3).rows[:3]
    )
