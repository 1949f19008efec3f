"""Latencies from the log's own times: what passed between two events of a card."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from tests.bench.bench_line import Logged

__all__ = ["Spread", "ends", "spread", "steps"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of a sample, milliseconds."""

    count: int
    p50: float
    p99: float


def spread(seconds: Iterable[float]) -> Spread:
    """Summarize a sample by its nearest-rank percentiles."""
    ordered = sorted(seconds)
    return Spread(len(ordered), _rank(ordered, 0.50), _rank(ordered, 0.99))


def steps(logged: Sequence[Logged]) -> dict[str, Spread]:
    """Return each step's latency: from the event before it, by the kind that ended it."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    for before, event in pairwise(logged):
        if event.card_id == before.card_id:
            passed = event.recorded_at - before.recorded_at
            taken[event.kind].append(passed.total_seconds())
    return {kind: spread(sample) for kind, sample in taken.items()}


def ends(logged: Iterable[Logged]) -> Mapping[str, datetime]:
    """Return when each card left, by card id."""
    return {event.card_id: event.recorded_at for event in logged if event.kind == "dispatched"}


def _rank(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return math.nan
    return ordered[math.ceil(share * len(ordered)) - 1] * 1000
