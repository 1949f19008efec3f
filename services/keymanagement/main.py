"""Wires the key-management station: the vault and the module, and nothing that sees a key.

Beside its orders it tells custody what happens to keys.
"""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.station.beside import beside
from cardwright.station.outbox import Outbox
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from cardwright.station.signing import FactSigner
from services.keymanagement.handlers import DeriveKeysDesk
from services.keymanagement.reporter import Reporter

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the desk, and start to report the journal."""
    vault = await open_vault(parts, stack)
    signer = FactSigner(parts.module, parts.name, parts.settings.site)
    outbox = Outbox(signer, parts.producer, parts.source)
    reporter = Reporter(parts.pool, parts.module, signer, outbox)
    await stack.enter_async_context(beside(reporter.run()))
    return StationSpec(desks={Operation.DERIVE_KEYS: DeriveKeysDesk(vault, parts.module)})


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("keymanagement", wire)
