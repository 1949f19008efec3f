from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cardwright.telemetry import CardTracer, traceparent_of

CARD = "0198a0de-0000-7000-8000-00000000ffff"
BEGAN = 1_700_000_000_000_000_000


@given(st.uuids(version=4).map(str), st.floats(0, 1))
def test_a_traceparent_is_the_cards_own(card: str, ratio: float) -> None:
    made = traceparent_of(card, ratio)
    assert traceparent_of(card, 0.0) == ""
    assert traceparent_of(card, 1.0) != ""
    if made:
        # W3C Trace Context, section 3.2: version, trace id, parent id, flags; no id is all zero.
        version, trace, parent, flags = made.split("-")
        assert (version, trace, flags) == ("00", uuid.UUID(card).hex, "01")
        assert len(parent) == 16
        assert int(parent, 16)


def test_sampling_is_by_the_ids_last_octets() -> None:
    cards = [f"0198a0de-0000-7000-8000-00000000{number:04x}" for number in range(0, 0x10000, 16)]
    sampled = [card for card in cards if traceparent_of(card, 0.25)]
    assert len(sampled) == len(cards) // 4
    assert set(sampled) <= {card for card in cards if traceparent_of(card, 0.5)}


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


def test_each_card_gets_a_span_of_its_trace_and_the_batch_links_them(
    spans: InMemorySpanExporter,
) -> None:
    other = CARD.replace("ffff", "fffe")
    parents = [traceparent_of(CARD, 1.0), "", traceparent_of(other, 1.0)]
    onward = CardTracer("printing").cards("printing PRINT", parents, BEGAN)
    first, second, batch = spans.get_finished_spans()
    assert onward[1] == ""
    for span, card, sent in zip((first, second), (CARD, other), onward[::2], strict=True):
        context = span.get_span_context()
        assert context is not None
        assert f"{context.trace_id:032x}" == uuid.UUID(card).hex
        assert sent == f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        assert span.start_time == BEGAN
    assert batch.name == "printing PRINT batch"
    linked = [f"{link.context.trace_id:032x}" for link in batch.links]
    assert linked == [uuid.UUID(CARD).hex, uuid.UUID(other).hex]


def test_nothing_sampled_makes_no_span(spans: InMemorySpanExporter) -> None:
    assert CardTracer("printing").cards("x", ["", ""], BEGAN) == ["", ""]
    assert spans.get_finished_spans() == ()


@given(st.text(max_size=60))
def test_any_header_is_survived(header: str) -> None:
    (onward,) = CardTracer("printing").cards("x", [header], BEGAN)
    assert onward == "" or len(onward) == 55
