"""Traces, metrics and logs of a line without a collector: JSON lines in files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardwright.line.layout import SERVICES
from cardwright.localstack.waiting import until
from tests.e2e.people import badge, debit
from tests.support.line import LineUnderTest

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Query and retention read the log; no card waits for them.
STATIONS = tuple(service for service in SERVICES if service not in {"query", "retention"})
MACHINES = {"printing", "encoding", "qa", "pinmailer"}


async def test_a_cards_trace_is_its_id_and_holds_every_station(line: LineUnderTest) -> None:
    known = set(await line.cards())
    await line.submit({"aurora-bank": [debit(express=True)]})
    [card_id] = set(await line.until_ended(len(known) + 1)) - known
    root = f"0x{uuid.UUID(card_id).hex[16:]}"

    async def all_there() -> bool:
        spans = {name: spans_of(line, name, card_id) for name in STATIONS}
        every = [span for own in spans.values() for span in own]
        ids = {span["context"]["span_id"] for span in every}
        # What hangs together hangs on one root: the card itself.
        return all(spans.values()) and {span["parent_id"] for span in every} - ids == {root}

    await until(all_there, 30, "every station has written its spans")


def spans_of(line: LineUnderTest, service: str, card_id: str) -> list[dict[str, Any]]:
    trace = f"0x{uuid.UUID(card_id).hex}"
    path = line.layout.root / "telemetry" / f"{service}.traces.jsonl"
    return [span for span in lines_of(path) if span["context"]["trace_id"] == trace]


async def test_every_station_measures_latency_queue_lag_and_yield(line: LineUnderTest) -> None:
    before = len(await line.cards())
    await line.submit({"borealis-works": [badge(express=True)]})
    await line.until_ended(before + 1)
    missing: dict[str, set[str]] = {}

    async def all_there() -> bool:
        for station in STATIONS:
            wanted = {"cardwright.batch.duration", "cardwright.queue.depth", "cardwright.lag"}
            wanted |= set() if station == "custody" else {"cardwright.answers"}
            wanted |= {"cardwright.act.duration"} if station in MACHINES else set()
            missing[station] = wanted - set(measures_of(line, station))
        return not any(missing.values())

    try:
        await until(all_there, 30, "every station has measured")
    finally:
        assert {name: what for name, what in missing.items() if what} == {}
    kinds = {p["attributes"]["kind"] for p in measures_of(line, "qa")["cardwright.answers"]}
    assert "inspected" in kinds
    latency = measures_of(line, "printing")["cardwright.act.duration"][0]
    assert latency["count"] > 0
    assert latency["sum"] > 0


def measures_of(line: LineUnderTest, service: str) -> dict[str, list[dict[str, Any]]]:
    """Return a service's data points by the name of the measure, the latest collection last."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line_ in lines_of(line.layout.root / "telemetry" / f"{service}.metrics.jsonl"):
        for resource in line_["resource_metrics"]:
            for scope in resource["scope_metrics"]:
                for metric in scope["metrics"]:
                    found[metric["name"]] = metric["data"]["data_points"]
    return found


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that may be written to just now."""
    if path.exists():
        for text in path.read_text().splitlines(keepends=True):
            if text.endswith("\n"):
                yield json.loads(text)


async def test_logs_are_json_and_name_their_service(line: LineUnderTest) -> None:
    for service in SERVICES:
        entries = list(lines_of(line.layout.log_file(service)))
        assert {entry["service"] for entry in entries} <= {service}
        for entry in entries:
            assert {"at", "level", "logger", "message"} <= entry.keys()
    assert any(list(lines_of(line.layout.log_file(service))) for service in SERVICES)
