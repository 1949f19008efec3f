"""Wires the encoding station: the vault, the module's scripts, the encoders."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.encoding.adapters.encoder import Encoder
from services.encoding.adapters.scripts import Scripts
from services.encoding.adapters.settings import EncodingSettings
from services.encoding.handlers import EncodeBench, Preparation

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the bench."""
    own = EncodingSettings.from_environment()
    preparation = Preparation(await open_vault(parts, stack), chip=own.chip == "on")
    scripts = Scripts(parts.module)
    encoders = [
        Encoder(address, own.heads, scripts, preparation)
        for address in parse_addresses(parts.settings.devices)
    ]
    for encoder in encoders:
        stack.push_async_callback(encoder.close)
    return StationSpec(benches={Operation.ENCODE: EncodeBench(preparation, encoders)})


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("encoding", wire)
