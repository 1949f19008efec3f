"""Traces that follow a card, metrics of stations, JSON logs. OTLP by setting, files without it."""

from cardwright.telemetry.setup import Telemetry, configure
from cardwright.telemetry.tracing import CardTracer, traceparent_of

__all__ = ["CardTracer", "Telemetry", "configure", "traceparent_of"]
