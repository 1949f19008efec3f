"""Wires the inspection station: the vault, the inspectors, and the till for test cards."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.qa.adapters.ca_keys import read_ca_keys
from services.qa.adapters.inspector import Inspector
from services.qa.adapters.settings import InspectionSettings
from services.qa.adapters.till import Till
from services.qa.handlers import InspectBench

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the bench."""
    own = InspectionSettings.from_environment()
    ca_keys = read_ca_keys(own.capk or parts.settings.state / "keys" / "capk.json")
    till = Till(parts.module, ca_keys)
    inspectors = [
        Inspector(address, own.seats, till, ca_keys)
        for address in parse_addresses(parts.settings.devices)
    ]
    for inspector in inspectors:
        stack.push_async_callback(inspector.close)
    bench = InspectBench(
        await open_vault(parts, stack),
        inspectors,
        chip=own.chip == "on",
        render=own.render == "on",
        ca_keys=bool(ca_keys),
    )
    return StationSpec(benches={Operation.INSPECT: bench})


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("qa", wire)
