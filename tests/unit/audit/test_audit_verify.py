from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.audit.copy import AuditRow
from cardwright.audit.findings import Code, Copy, Finding
from cardwright.audit.verify import verify
from cardwright.card import Fact
from cardwright.card import events as e
from cardwright.custody.merkle import leaf_hash
from cardwright.eventlog.codec import decode_event, encode_event
from cardwright.proto.log.v1 import event_pb2
from tests.unit.audit.signed_logs import (
    SITE,
    START,
    LogMaker,
    accepted,
    card_id,
    life_of_a_badge,
    shop_floor,
    sign,
)

MAKER = shop_floor(6)
KEYS = MAKER.public_keys


def rows_of(maker: LogMaker) -> list[AuditRow]:
    return [
        AuditRow(row.position, row.stream_id, row.sequence, row.kind, row.hash, row.body)
        for row in maker.rows
    ]


LOG = rows_of(MAKER)
TOPIC = [
    AuditRow(row.position, row.stream_id, 0, "", b"", row.body)
    for row in sorted(LOG, key=lambda row: (hash(row.stream_id) % 3, row.position))
]
NAMES = [(row.stream_id, row.sequence) for row in LOG]
indices = st.integers(0, len(LOG) - 1)


def first(
    log: Sequence[AuditRow], published: Sequence[AuditRow] | None = TOPIC, keys: object = None
) -> Finding:
    report = verify(log, published, KEYS if keys is None else keys)  # type: ignore[arg-type]  # test
    assert report.first is not None, "nothing was found"
    return report.first


def name(finding: Finding) -> tuple[str, int]:
    return finding.stream_id, finding.sequence


def rewritten(row: AuditRow, change: Callable[[event_pb2.Event], None]) -> AuditRow:
    """Edit an event as somebody would who knows of the hash column."""
    event = event_pb2.Event.FromString(row.body)
    change(event)
    body = event.SerializeToString()
    return replace(row, body=body, hash=leaf_hash(body) if row.hash else b"")


def at(rows: Sequence[AuditRow], index: int, row: AuditRow) -> list[AuditRow]:
    return [*rows[:index], row, *rows[index + 1 :]]


def renumbered(rows: Sequence[AuditRow]) -> list[AuditRow]:
    return [replace(row, position=number) for number, row in enumerate(rows, 1)]


def without_event(rows: Sequence[AuditRow], victim: AuditRow) -> list[AuditRow]:
    """Drop an event and chain what follows anew: it can be done, as custody's word is no key."""
    previous, shift, made = b"", 0, []
    for row in rows:
        if row.stream_id == victim.stream_id:
            if row.sequence == victim.sequence:
                shift = 1
                continue
            event = decode_event(row.body)
            body = encode_event(
                row.stream_id,
                row.sequence - shift,
                previous,
                event.recorded_at,
                1,
                event.received.signed,
            )
            previous = leaf_hash(body)
            made.append(replace(row, sequence=row.sequence - shift, body=body, hash=previous))
        else:
            made.append(row)
    return renumbered(made)


def test_what_nobody_touched_is_clean() -> None:
    report = verify(LOG, TOPIC, KEYS)
    assert report.findings == ()
    assert (report.events, report.streams, report.published) == (len(LOG), 6, len(LOG))
    assert verify(LOG, None, KEYS).findings == ()
    assert verify([], [], KEYS).findings == ()


@given(st.lists(st.integers(0, len(TOPIC) - 1), max_size=4), indices)
def test_redelivery_is_no_finding(again: list[int], start: int) -> None:
    assert verify(LOG, [*TOPIC, *TOPIC[start:], *(TOPIC[i] for i in again)], KEYS).first is None


@given(indices, st.data())
def test_a_flipped_bit_is_named_in_one_copy_alone(index: int, data: st.DataObject) -> None:
    row = LOG[index]
    octet = data.draw(st.integers(0, len(row.body) - 1))
    body = bytearray(row.body)
    body[octet] ^= 1 << data.draw(st.integers(0, 7))
    finding = first(at(LOG, index, replace(row, body=bytes(body))), None)
    assert (finding.code, name(finding)) == (Code.EDITED, NAMES[index])


@given(
    index=indices,
    column=st.sampled_from(["hash", "kind", "sequence"]),
    compares=st.booleans(),
)
def test_an_edited_column_is_named(index: int, column: str, *, compares: bool) -> None:
    row = LOG[index]
    values: dict[str, Any] = {"hash": bytes(32), "kind": "waived", "sequence": 100}
    edited = replace(row, **{column: values[column]})
    finding = first(at(LOG, index, edited), TOPIC if compares else None)
    assert (finding.code, name(finding)) == (Code.EDITED, NAMES[index])


@given(indices, st.sampled_from(["recorded_at", "epoch", "previous_hash"]))
def test_an_edit_that_mends_its_hash_is_named_by_the_other_copy(index: int, what: str) -> None:
    def change(event: event_pb2.Event) -> None:
        if what == "recorded_at":
            event.recorded_at.seconds += 3600
        elif what == "epoch":
            event.epoch += 1
        else:
            event.previous_hash = b"\x01" * 32

    finding = first(at(LOG, index, rewritten(LOG[index], change)))
    assert (finding.code, name(finding)) == (Code.EDITED, NAMES[index])


@given(indices)
def test_a_false_fact_is_a_false_signature(index: int) -> None:
    def lie(event: event_pb2.Event) -> None:
        fact = decode_event(LOG[index].body).fact
        other = Fact(fact.fact_id, fact.stream_id, fact.order_id, fact.actor, "site-2", fact.body)
        event.signed_fact = sign(other, START).replace(b"site-2#1", SITE.encode() + b"#1")

    finding = first(at(LOG, index, rewritten(LOG[index], lie)), None)
    assert (finding.code, name(finding)) == (Code.SIGNATURE, NAMES[index])


@given(index=indices, mends_positions=st.booleans())
def test_a_dropped_event_is_named(index: int, *, mends_positions: bool) -> None:
    kept = [*LOG[:index], *LOG[index + 1 :]]
    finding = first(renumbered(kept) if mends_positions else kept)
    assert finding.code in {Code.DROPPED, Code.NOT_IN_LOG}
    assert name(finding) == NAMES[index]


@given(st.integers(0, len(LOG) - 2))
def test_a_drop_in_one_copy_alone_is_named_unless_it_ends_its_stream(index: int) -> None:
    finding = first([*LOG[:index], *LOG[index + 1 :]], None)
    assert finding.code is Code.DROPPED
    later = [row for row in LOG[index + 1 :] if row.stream_id == LOG[index].stream_id]
    assert name(finding) == (NAMES[index] if later else ("", 0))
    if not later:
        assert finding.position == index + 1


@given(indices)
def test_an_event_cut_out_of_a_chain_made_anew_is_named(index: int) -> None:
    finding = first(without_event(LOG, LOG[index]))
    assert finding.code in {Code.DROPPED, Code.NOT_IN_LOG}
    assert name(finding) == NAMES[index]


@given(indices, indices)
def test_swapped_rows_are_named(one: int, two: int) -> None:
    if one == two:
        return
    rows = at(at(LOG, one, LOG[two]), two, LOG[one])
    finding = first(renumbered(rows))
    assert finding.code is Code.REORDERED
    assert name(finding) in {NAMES[one], NAMES[two]}


@given(indices, st.data())
def test_rows_swapped_within_a_stream_are_named_in_one_copy(
    index: int, data: st.DataObject
) -> None:
    own = [i for i, row in enumerate(LOG) if row.stream_id == LOG[index].stream_id]
    other = data.draw(st.sampled_from([i for i in own if i != index]))
    finding = first(renumbered(at(at(LOG, index, LOG[other]), other, LOG[index])), None)
    assert finding.code is Code.REORDERED
    assert name(finding) == min(NAMES[index], NAMES[other])


@given(indices, st.integers(0, len(LOG)))
def test_a_row_that_is_there_twice_is_named(index: int, place: int) -> None:
    rows = renumbered([*LOG[:place], LOG[index], *LOG[place:]])
    finding = first(rows, None)
    assert finding.code in {Code.ADDED, Code.REORDERED}
    assert name(finding)[0] == NAMES[index][0]


def test_a_forged_event_at_the_end_of_a_stream_is_named() -> None:
    maker = shop_floor(6)
    maker.add(card_id(77), *life_of_a_badge(77))
    log = rows_of(maker)
    finding = first(log)
    assert (finding.code, finding.where) == (Code.NOT_PUBLISHED, Copy.EITHER)
    assert name(finding) == (card_id(77), 1)


@given(st.integers(0, len(TOPIC) - 1))
def test_tampering_with_the_topic_is_blamed_on_the_topic(index: int) -> None:
    row = TOPIC[index]
    target = row.stream_id, decode_event(row.body).sequence

    def change(event: event_pb2.Event) -> None:
        event.signed_fact = event.signed_fact[:-1] + bytes([event.signed_fact[-1] ^ 1])

    edited = first(LOG, at(TOPIC, index, rewritten(row, change)))
    assert (edited.code, edited.where, name(edited)) == (Code.EDITED, Copy.EVENTS, target)
    dropped = first(LOG, [*TOPIC[:index], *TOPIC[index + 1 :]])
    assert name(dropped) == target
    assert dropped.code in {Code.DROPPED, Code.NOT_PUBLISHED}


@given(st.integers(0, len(TOPIC) - 1))
def test_another_event_under_a_number_that_was_published_is_an_addition(index: int) -> None:
    def change(event: event_pb2.Event) -> None:
        event.epoch += 1

    finding = first(LOG, [*TOPIC, rewritten(TOPIC[index], change)])
    assert (finding.code, finding.where) == (Code.ADDED, Copy.EVENTS)
    assert finding.stream_id == TOPIC[index].stream_id


def test_a_history_that_custody_would_refuse_is_named() -> None:
    maker = LogMaker()
    life = life_of_a_badge(1)
    del life[6]  # the permission to leave
    maker.add(card_id(1), *life)
    log = rows_of(maker)
    finding = first(log, None, maker.public_keys)
    assert (finding.code, name(finding)) == (Code.REFUSED, (card_id(1), 7))


def test_a_fact_that_the_fold_cannot_take_is_named() -> None:
    maker = LogMaker()
    maker.add(card_id(1), accepted(1))
    nowhere = Fact("f", card_id(1), f"{card_id(1)}.1", "dataprep", SITE, e.Prepared(1, (), 1))
    body = encode_event(card_id(1), 2, maker.rows[-1].hash, START, 1, sign(nowhere, START))
    forged = AuditRow(2, card_id(1), 2, "prepared", leaf_hash(body), body)
    finding = first([*rows_of(maker), forged], None)
    assert (finding.code, name(finding)) == (Code.REFUSED, (card_id(1), 2))


def test_a_signer_without_a_key_and_a_fact_signed_by_another_are_named() -> None:
    keys = {signer: key for signer, key in KEYS.items() if "printing" not in signer}
    finding = first(LOG, None, keys)
    assert (finding.code, finding.detail) == (Code.SIGNATURE, "SIGNER_UNKNOWN")


@pytest.mark.parametrize("count", [1, 5])
def test_a_tail_cut_from_both_copies_alike_is_not_seen(count: int) -> None:
    """The limit that the documentation states: only a checkpoint kept elsewhere can show it."""
    kept = {row.position for row in LOG[:-count]}
    assert verify(LOG[:-count], [r for r in TOPIC if r.position in kept], KEYS).first is None
