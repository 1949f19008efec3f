"""Which consumer group reads which topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardwright.bus.topics import FACTS, FACTS_EXPRESS, orders, requests
from cardwright.card import STATION_OF
from cardwright.line.layout import SERVICES, SITE

__all__ = ["GROUPS"]

_STATIONS = sorted({*STATION_OF.values(), "request"} & set(SERVICES))

GROUPS: Mapping[str, Sequence[str]] = {
    "custody": [FACTS, FACTS_EXPRESS],
    "request.intake": [requests("aurora-bank"), requests("borealis-works")],
    **{name: [orders(name, SITE, express=lane) for lane in (True, False)] for name in _STATIONS},
}
