from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.card import Body, Disposition, Fact, Operation
from cardwright.card import events as e
from cardwright.eventlog.codec import (
    CodecError,
    decode_event,
    decode_fact_message,
    decode_signed_fact,
    encode_event,
    encode_fact,
)
from cardwright.proto.fact.v1 import fact_pb2

STREAM = "0198a0de-0000-7000-8000-000000000001"
NOW = datetime(2026, 5, 4, 3, 2, 1, 999999, tzinfo=UTC)
COUNTS = st.integers(0, 2**32 - 1)
CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)

# What a field of its type can hold; enumerations as protobuf knows them.
ANY: dict[str, st.SearchStrategy[Any]] = {
    "str": CHARACTERS,
    "bytes": st.binary(max_size=40),
    "bool": st.booleans(),
    "int": COUNTS,
    "Disposition": st.sampled_from(Disposition),
    "Verb": st.sampled_from(e.Verb),
    "tuple[str, ...]": st.lists(CHARACTERS, max_size=4).map(tuple),
    "tuple[int, ...]": st.lists(COUNTS, max_size=4).map(tuple),
    "tuple[Operation, ...]": st.lists(st.sampled_from(Operation), max_size=9).map(tuple),
    "tuple[KeyCheck, ...]": st.lists(
        st.builds(e.KeyCheck, CHARACTERS, CHARACTERS, st.binary(max_size=3)), max_size=4
    ).map(tuple),
}


def bodies(kind: type[Any]) -> st.SearchStrategy[Body]:
    made = {field.name: ANY[str(field.type)] for field in fields(kind)}
    if kind is e.RequestAccepted:
        made["lane"] = st.integers(0, 2**31 - 1)  # an enumeration: int32 on the wire
    return st.builds(kind, **made)


FACTS = st.builds(
    Fact,
    CHARACTERS,
    st.uuids().map(str),
    CHARACTERS,
    CHARACTERS,
    CHARACTERS,
    st.one_of([bodies(kind) for kind in get_args(Body)]),
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # Hypothesis wants naive bounds


def signed(fact: bytes) -> bytes:
    return fact_pb2.SignedFact(fact=fact, signer="s#1", tree_size=1).SerializeToString()


@given(FACTS, TIMES)
def test_a_fact_comes_back_as_it_was(fact: Fact, claimed_at: datetime) -> None:
    data = signed(encode_fact(fact, claimed_at))
    received = decode_signed_fact(data)
    assert received.fact == fact
    assert received.claimed_at == claimed_at
    assert received.signed == data


@given(FACTS, st.integers(1, 2**31), st.binary(min_size=32, max_size=32))
def test_an_event_comes_back_as_it_was(fact: Fact, sequence: int, before: bytes) -> None:
    data = encode_event(STREAM, sequence, before, NOW, 3, signed(encode_fact(fact, NOW)))
    event = decode_event(data)
    assert (event.fact, event.sequence, event.previous_hash) == (fact, sequence, before)
    assert (event.recorded_at, event.epoch, event.body) == (NOW, 3, data)


@given(st.binary(max_size=200))
def test_garbage_is_a_coded_error_or_a_fact(data: bytes) -> None:
    for decode in (decode_fact_message, decode_signed_fact, decode_event):
        try:
            decode(data)
        except CodecError as error:
            assert error.code.startswith(("FACT_", "EVENT_"))  # noqa: PT017  # either is right


def refused(fact: fact_pb2.Fact, attachment: bytes = b"") -> str:
    with pytest.raises(CodecError) as caught:
        decode_signed_fact(signed(fact.SerializeToString()), attachment)
    return caught.value.code


def printed(**changes: Any) -> fact_pb2.Fact:
    return fact_pb2.Fact(**{"stream_id": STREAM, "printed": fact_pb2.Printed(), **changes})


@pytest.mark.parametrize("stream", ["", "card-1", STREAM.upper(), f"{STREAM} ", f"{{{STREAM}}}"])
def test_a_stream_that_the_log_cant_hold_is_refused(stream: str) -> None:
    assert refused(printed(stream_id=stream)) == "FACT_STREAM"


def test_a_fact_that_says_nothing_is_refused() -> None:
    assert refused(fact_pb2.Fact(stream_id=STREAM)) == "FACT_EMPTY"


@pytest.mark.parametrize("seconds", [2**62, -(2**62), 253_402_300_800])
def test_a_time_beyond_the_calendar_is_refused(seconds: int) -> None:
    fact = printed()
    fact.claimed_at.seconds = seconds
    assert refused(fact) == "FACT_GARBAGE"


@pytest.mark.parametrize(
    "body",
    [
        {"command": fact_pb2.Command(verb=fact_pb2.VERB_UNSPECIFIED)},
        {"prepared": fact_pb2.Prepared(route=["OPERATION_UNSPECIFIED"])},
        {"operation_failed": fact_pb2.OperationFailed(disposition=99)},  # type: ignore[arg-type]  # of a later version
    ],
)
def test_values_that_we_do_not_know_are_refused(body: dict[str, Any]) -> None:
    assert refused(fact_pb2.Fact(stream_id=STREAM, **body)) == "FACT_GARBAGE"


def test_an_attachment_is_the_one_that_was_signed() -> None:
    fact = encode_fact(Fact("f", STREAM, "", "request", "site-1", e.Printed("b")), NOW, b"jwe")
    assert decode_signed_fact(signed(fact), b"jwe").attachment == b"jwe"
    assert refused(fact_pb2.Fact.FromString(fact), b"jwf") == "FACT_ATTACHMENT"


def test_an_attachment_that_no_outcome_can_carry_is_refused() -> None:
    body = e.Printed("b")
    fact = encode_fact(Fact("f", STREAM, "", "request", "site-1", body), NOW, b"\xff")
    assert refused(fact_pb2.Fact.FromString(fact), b"\xff") == "FACT_ATTACHMENT"


def test_the_error_quotes_nothing() -> None:
    with pytest.raises(CodecError) as caught:
        decode_signed_fact(b"4000001234567899" * 3)
    assert "4000" not in str(caught.value)
