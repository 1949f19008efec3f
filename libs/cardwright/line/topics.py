"""The topics of a line with their partitions and retention (docs/asyncapi.yaml says the rest)."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.bus.topics import (
    DEAD_LETTERS,
    EVENTS,
    FACTS,
    FACTS_EXPRESS,
    orders,
    outcomes,
    requests,
)
from cardwright.card import STATION_OF
from cardwright.localstack.topics import FOREVER_MS, TopicSpec

__all__ = ["topics_of"]

_DAY = 24 * 3600 * 1000


def topics_of(issuers: Iterable[str], site: str, partitions: int) -> list[TopicSpec]:
    """Return all topics of a line with these issuers at one site.

    ``partitions`` applies to what grows with cards; express lanes need few.
    """
    specs = [
        TopicSpec(FACTS, partitions, 7 * _DAY),
        TopicSpec(FACTS_EXPRESS, 1, 7 * _DAY),
        TopicSpec(EVENTS, partitions, FOREVER_MS),
        TopicSpec(DEAD_LETTERS, 1, 30 * _DAY),
    ]
    for station in sorted({*STATION_OF.values(), "request", "retention"}):
        specs.append(TopicSpec(orders(station, site), partitions, 7 * _DAY))
        specs.append(TopicSpec(orders(station, site, express=True), 1, 7 * _DAY))
    for issuer in issuers:
        specs.append(TopicSpec(requests(issuer), partitions, 7 * _DAY))
        specs.append(TopicSpec(outcomes(issuer), partitions, 30 * _DAY))
    return specs
