"""Spans that follow one card: its id is its trace id, so a card's trace needs no search.

The instrumentation of aiokafka keeps no span current while a batch is processed, so the consumer
spans are made here: one a batch, linked to the cards in it, and one a card within the card's trace.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags

__all__ = ["CardTracer", "traceparent_of"]

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_PARTS = 4


def traceparent_of(card_id: str, ratio: float) -> str:
    """Return the W3C traceparent that begins a card's trace, or "" if the card is not sampled.

    The trace id is the card's UUIDv7; its last octets are random, so they decide the sampling.
    """
    card = uuid.UUID(card_id)
    if (card.int & 0xFFFF) / 0x10000 >= ratio:
        return ""
    return f"00-{card.hex}-{card.hex[16:]}-01"


def _context(traceparent: str) -> SpanContext | None:
    parts = traceparent.split("-")
    if len(parts) != _PARTS:
        return None
    try:
        return SpanContext(
            int(parts[1], 16), int(parts[2], 16), is_remote=True, trace_flags=_SAMPLED
        )
    except ValueError:
        return None


class CardTracer:
    """Makes the spans of one service."""

    def __init__(self, service: str) -> None:
        self._tracer = trace.get_tracer(service)

    def cards(self, name: str, traceparents: Iterable[str], began_ns: int) -> list[str]:
        """Record a batch that has just ended: a span a sampled card, and one linked to them all.

        Args:
            name: What was done, e.g. ``"printing PRINT"``.
            traceparents: One a card; "" for cards that are not sampled.
            began_ns: ``time.time_ns()`` when the batch began.

        Returns:
            The traceparents to send on, in order.
        """
        ended = time.time_ns()
        onward: list[str] = []
        links: list[Link] = []
        for traceparent in traceparents:
            parent = _context(traceparent) if traceparent else None
            if parent is None:
                onward.append("")
                continue
            span = self._tracer.start_span(
                name,
                context=trace.set_span_in_context(NonRecordingSpan(parent)),
                kind=SpanKind.CONSUMER,
                start_time=began_ns,
            )
            span.end(ended)
            own = span.get_span_context()
            links.append(Link(own))
            onward.append(f"00-{own.trace_id:032x}-{own.span_id:016x}-01")
        if links:
            self._tracer.start_span(f"{name} batch", links=links, start_time=began_ns).end(ended)
        return onward
