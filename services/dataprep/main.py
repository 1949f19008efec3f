"""Wires data preparation: the catalogue, the registry of numbers, the vault, the module."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.dataprep.adapters.registry import PostgresRegistry
from services.dataprep.catalogue import load_catalogue
from services.dataprep.handlers import PrepareDesk

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the desk."""
    catalogue = load_catalogue(parts.settings.catalogue, parts.settings.state / "issuers")
    vault = await open_vault(parts, stack)
    desk = PrepareDesk(catalogue, vault, parts.module, PostgresRegistry())
    return StationSpec(desks={Operation.PREPARE: desk})


def main() -> None:
    """Run the service until it is told to stop."""
    run_station("dataprep", wire)
