"""The metrics every station has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opentelemetry import metrics

from cardwright.card import Body, kind_of

__all__ = ["Measures"]


class Measures:
    """Counts and durations of one station; attributes are never a card's own values."""

    def __init__(self, station: str) -> None:
        meter = metrics.get_meter(station)
        self._attributes = {"station": station}
        self._orders = meter.create_counter("cardwright.orders", description="orders handled")
        self._answers = meter.create_counter("cardwright.answers", description="facts by kind")
        self._batches = meter.create_histogram(
            "cardwright.batch.duration", unit="ms", description="time to handle a batch"
        )
        self._acts = meter.create_histogram(
            "cardwright.act.duration", unit="ms", description="time of a physical act"
        )
        self._depth = meter.create_gauge("cardwright.queue.depth", description="open orders")
        self._lag = meter.create_gauge("cardwright.lag", description="messages not yet handled")

    def batch(self, orders: int, nanoseconds: int) -> None:
        """A batch was handled."""
        self._orders.add(orders, self._attributes)
        self._batches.record(nanoseconds / 1e6, self._attributes)

    def answered(self, bodies: Iterable[Body]) -> None:
        """Facts were stated; their kinds give the yield: printed against operation_failed."""
        counted = Counter((kind_of(body), getattr(body, "device", "")) for body in bodies)
        for (kind, device), count in counted.items():
            self._answers.add(count, {**self._attributes, "kind": kind, "device": device})

    def act(self, device: str, nanoseconds: int) -> None:
        """A physical act ended."""
        self._acts.record(nanoseconds / 1e6, {**self._attributes, "device": device})

    def queues(self, depth: int, lag: int) -> None:
        """The station looked at its queues."""
        self._depth.set(depth, self._attributes)
        self._lag.set(lag, self._attributes)
