"""Wires the request service: the catalogue, the envelopes, the ledger of request ids, the vault."""

from __future__ import annotations

import contextlib

from cardwright.bus.topics import requests
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.request.adapters.catalogue import load_catalogue
from services.request.adapters.envelopes import ModuleEnvelopes
from services.request.adapters.ledger import PostgresLedger
from services.request.handlers import RequestHandler

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the intake."""
    catalogue = load_catalogue(parts.settings.catalogue, parts.settings.state / "issuers")
    intake = RequestHandler(
        catalogue=catalogue,
        envelopes=ModuleEnvelopes(parts.module),
        ledger=PostgresLedger(),
        vault=await open_vault(parts, stack),
    )
    return StationSpec(intake=intake, intake_topics=[requests(name) for name in catalogue.issuers])


def main() -> None:
    """Run the service until it is told to stop."""
    run_station("request", wire)
