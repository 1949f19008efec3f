"""Wires the key-management station: the vault and the module, and nothing that sees a key."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.keymanagement.handlers import DeriveKeysDesk

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the desk."""
    vault = await open_vault(parts, stack)
    return StationSpec(desks={Operation.DERIVE_KEYS: DeriveKeysDesk(vault, parts.module)})


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("keymanagement", wire)
