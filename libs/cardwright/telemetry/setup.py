"""Wires OpenTelemetry for one process."""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from cardwright.settings import Settings
from cardwright.telemetry.files import FileMetricExporter, FileSpanExporter
from cardwright.telemetry.logs import configure_logs

__all__ = ["Telemetry", "configure"]

_EVERY_MS = 5_000


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What must be flushed when the process ends."""

    traces: TracerProvider
    meters: MeterProvider

    def close(self) -> None:
        """Flush and stop."""
        self.traces.shutdown()
        self.meters.shutdown()


def configure(service: str, settings: Settings) -> Telemetry:
    """Set up logs, traces and metrics of this process: by OTLP if set, else to files."""
    configure_logs(service)
    resource = Resource.create({"service.name": f"cardwright-{service}", "site": settings.site})
    folder = settings.state / "telemetry"
    spans: SpanExporter
    measures: MetricExporter
    if settings.otlp:
        spans = OTLPSpanExporter(endpoint=settings.otlp)
        measures = OTLPMetricExporter(endpoint=settings.otlp)
    else:
        spans = FileSpanExporter(folder / f"{service}.traces.jsonl")
        measures = FileMetricExporter(folder / f"{service}.metrics.jsonl")
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(spans))
    trace.set_tracer_provider(traces)
    reader = PeriodicExportingMetricReader(measures, export_interval_millis=_EVERY_MS)
    meters = MeterProvider([reader], resource=resource)
    metrics.set_meter_provider(meters)
    return Telemetry(traces, meters)
