"""Wires the logistics station: two desks, the shredders, and the label printer beside them."""

from __future__ import annotations

import asyncio
import contextlib

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.beside import beside
from cardwright.station.runtime import Parts, StationSpec, run_station
from services.logistics.adapters.boxes import BoxStore
from services.logistics.adapters.labels import LabelPrinter
from services.logistics.adapters.settings import LogisticsSettings
from services.logistics.adapters.shredder import ShredderDevice
from services.logistics.adapters.stock import Shreds
from services.logistics.domain import Capacity, Numbering
from services.logistics.handlers import DestroyBench, DispatchDesk, PackDesk

__all__ = ["main", "wire"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the desks and the bench, and start the label printer."""
    own = LogisticsSettings.from_environment()
    boxes = BoxStore(
        Numbering(own.sscc_prefix, own.sscc_extension),
        Capacity(own.box_capacity, own.express_box_capacity),
    )
    shreds = Shreds(parts.pool)
    shredders = [
        ShredderDevice(address, shreds.destroyed)
        for address in parse_addresses(parts.settings.devices)
    ]
    for shredder in shredders:
        stack.push_async_callback(shredder.close)
    changed = asyncio.Event()
    labels = LabelPrinter(parts.pool, parts.settings.state / "output" / "labels", changed)
    await stack.enter_async_context(beside(labels.run()))
    return StationSpec(
        desks={
            Operation.PACK: PackDesk(boxes, changed),
            Operation.DISPATCH: DispatchDesk(boxes, changed),
        },
        benches={Operation.DESTROY: DestroyBench(shredders)},
    )


def main() -> None:
    """Run the service until it is told to stop."""
    run_station("logistics", wire)
