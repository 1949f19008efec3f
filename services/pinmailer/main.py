"""Wires the PIN mailer station: one bench, with a printer for each address in the settings."""

from __future__ import annotations

import contextlib

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.pinmailer.adapters.mailer import MailerPrinter
from services.pinmailer.adapters.settings import PinMailerSettings
from services.pinmailer.handlers import MailBench

__all__ = ["main", "wire"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the bench."""
    own = PinMailerSettings.from_environment()
    printers = [
        MailerPrinter(address, own.mailer_depth)
        for address in parse_addresses(parts.settings.devices)
    ]
    for printer in printers:
        stack.push_async_callback(printer.close)
    bench = MailBench(devices=printers, vault=await open_vault(parts, stack))
    return StationSpec(
        benches={Operation.MAIL_PIN: bench}, delays={Operation.MAIL_PIN: own.pin_delay}
    )


def main() -> None:
    """Run the service until it is told to stop."""
    run_station("pinmailer", wire)
