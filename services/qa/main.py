"""Wires the inspection station: the vault and the inspectors."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.qa.adapters.inspector import Inspector
from services.qa.adapters.settings import InspectionSettings
from services.qa.handlers import InspectBench

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the bench."""
    own = InspectionSettings.from_environment()
    inspectors = [
        Inspector(address, own.seats) for address in parse_addresses(parts.settings.devices)
    ]
    for inspector in inspectors:
        stack.push_async_callback(inspector.close)
    bench = InspectBench(
        await open_vault(parts, stack),
        inspectors,
        chip=own.chip == "on",
        render=own.render == "on",
    )
    return StationSpec(benches={Operation.INSPECT: bench})


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("qa", wire)
