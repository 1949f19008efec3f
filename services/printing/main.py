"""Wires the printing station: one bench, with a printer for each address in the settings."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.printing.adapters.printer import PrinterDevice
from services.printing.adapters.rendering import BlankPass, RenderPool
from services.printing.adapters.settings import PrintingSettings
from services.printing.catalogue import load_designs, load_products
from services.printing.handlers import PrintBench
from services.printing.ports import Renderers

__all__ = ["main", "wire"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the print bench."""
    own = PrintingSettings.from_environment()
    catalogue = parts.settings.catalogue
    products = load_products(catalogue, load_designs(catalogue))
    printers = [
        PrinterDevice(address, own.printer_depth, products)
        for address in parse_addresses(parts.settings.devices)
    ]
    for printer in printers:
        stack.push_async_callback(printer.close)
    bench = PrintBench(
        devices=printers,
        vault=await open_vault(parts, stack),
        renderers=_renderers(own, catalogue, stack),
        products=products,
    )
    return StationSpec(benches={Operation.PRINT: bench})


def _renderers(
    own: PrintingSettings, catalogue: Path, stack: contextlib.AsyncExitStack
) -> Renderers:
    if own.render == "off":
        return BlankPass()
    pool = RenderPool(catalogue, own.render_workers)
    stack.callback(pool.close)
    return pool


def main() -> None:
    """Run the service until it is told to stop."""
    run_station("printing", wire)
