"""``python -m cardwright.devices printer|encoder|inspector|mailer|ledger``: machines, ledgers."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from cardwright.devices import encoder, mailer, printer
from cardwright.devices.chipslot import ChipWorks
from cardwright.devices.encoder import Encoder, EncoderSettings
from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan, parse_rule
from cardwright.devices.floor import Floor
from cardwright.devices.inspector import Inspector, InspectorSettings
from cardwright.devices.ledger import Ledger
from cardwright.devices.mailer import Mailer, MailerSettings
from cardwright.devices.printer import Printer, PrinterSettings
from cardwright.devices.server import Machine, serve
from cardwright.devices.wiredhead import parse_reader, parse_swipe
from cardwright.secret import SecretBytes


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.machine == "ledger":
            _print_ledger(options)
        else:
            asyncio.run(_run(options))
    except DeviceError as fault:
        sys.stderr.write(f"{fault.code}: {fault}\n")
        return 2
    return 0


async def _run(options: argparse.Namespace) -> None:
    builders = {
        "printer": _printer,
        "encoder": _encoder,
        "inspector": _inspector,
        "mailer": _mailer,
    }
    await serve(builders[options.machine](options), options.port, options.port_file)


def _printer(options: argparse.Namespace) -> Machine:
    settings = PrinterSettings(
        serial=options.serial,
        depth=options.queue_depth,
        card_seconds=options.card_seconds,
        capacity=options.supplies,
        sync=options.sync,
    )
    plan = _plan(options, printer.FAULTS)
    return Printer(options.state, Floor(options.floor), plan, settings)


def _encoder(options: argparse.Namespace) -> Machine:
    settings = EncoderSettings(
        serial=options.serial,
        heads=options.heads,
        stripe_seconds=options.stripe_seconds,
        seed=options.seed,
        sync=options.sync,
        readers=dict(map(parse_reader, options.reader)),
        swipes=dict(map(parse_swipe, options.msr)),
    )
    plan, works = _plan(options, encoder.FAULTS), _chip_works(options)
    return Encoder(options.state, Floor(options.floor), plan, works, settings)


def _inspector(options: argparse.Namespace) -> Machine:
    settings = InspectorSettings(
        serial=options.serial,
        keep_images=options.keep_images,
        sync=options.sync,
    )
    return Inspector(options.state, Floor(options.floor), _chip_works(options), settings)


def _mailer(options: argparse.Namespace) -> Machine:
    settings = MailerSettings(
        serial=options.serial,
        depth=options.queue_depth,
        form_seconds=options.form_seconds,
        keep=options.keep,
        sync=options.sync,
    )
    return Mailer(options.state, _plan(options, mailer.FAULTS), settings)


def _plan(options: argparse.Namespace, known: tuple[str, ...]) -> FaultPlan:
    plan = FaultPlan(known, options.seed)
    for text in options.fault:
        plan.set(*parse_rule(text))
    return plan


def _chip_works(options: argparse.Namespace) -> ChipWorks:
    # A printer needs no chip, so only the machines that have a contact station load it.
    from cardwright.chip import Chip, manufacture  # noqa: PLC0415  see above

    try:
        kmc = bytes.fromhex(options.kmc_file.read_text())
    except (OSError, ValueError):
        # The cause is dropped on purpose: it could quote the key.
        raise DeviceError("BAD_KMC", "--kmc-file must be an AES key in hex") from None
    if len(kmc) not in {16, 24, 32}:
        raise DeviceError("BAD_KMC", "--kmc-file must be an AES key in hex")
    return ChipWorks(manufacture, Chip.restore, SecretBytes(kmc))


def _print_ledger(options: argparse.Namespace) -> None:
    ledger = Ledger.reading(options.path)
    for act in ledger.acts(job_id=options.job, act=options.act):
        sys.stdout.write(json.dumps(asdict(act)) + "\n")
    ledger.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cardwright.devices", description="Simulated card machines (docs/devices.md)"
    )
    machines = parser.add_subparsers(dest="machine", required=True)

    printing = machines.add_parser("printer", help="retransfer printer")
    _common(printing, PrinterSettings.serial)
    _on_floor(printing)
    _faulty(printing, printer.FAULTS)
    printing.add_argument("--card-seconds", type=float, default=0.0, help="mechanics per card")
    printing.add_argument("--queue-depth", type=int, default=PrinterSettings.depth)
    printing.add_argument(
        "--supplies", type=int, default=PrinterSettings.capacity, help="cards per ribbon and film"
    )

    encoding = machines.add_parser("encoder", help="stripe and chip encoder")
    _common(encoding, EncoderSettings.serial)
    _on_floor(encoding)
    _faulty(encoding, encoder.FAULTS)
    _contact(encoding)
    encoding.add_argument("--heads", type=int, default=EncoderSettings.heads)
    encoding.add_argument("--stripe-seconds", type=float, default=0.0, help="one stripe pass")

    encoding.add_argument(
        "--reader",
        action="append",
        default=[],
        metavar="HEAD=HOST:PORT",
        help="that head's contacts lead to this vpcd; may be repeated",
    )
    encoding.add_argument(
        "--msr",
        action="append",
        default=[],
        metavar="HEAD=PATH",
        help="a swipe encoder writes that head's stripes; PATH becomes a link to its terminal",
    )

    inspecting = machines.add_parser("inspector", help="cameras, readers, trays, shredder")
    _common(inspecting, InspectorSettings.serial)
    _on_floor(inspecting)
    _contact(inspecting)
    inspecting.add_argument("--keep-images", choices=("none", "all", "test"), default="all")

    mailing = machines.add_parser("mailer", help="PIN mailer printer")
    _common(mailing, MailerSettings.serial)
    _faulty(mailing, mailer.FAULTS)
    mailing.add_argument("--form-seconds", type=float, default=0.0, help="mechanics per form")
    mailing.add_argument("--queue-depth", type=int, default=MailerSettings.depth)
    mailing.add_argument(
        "--keep", choices=("none", "sealed", "all"), default="all", help="what stays of mailers"
    )

    reading = machines.add_parser("ledger", help="print a ledger's acts as JSON lines")
    reading.add_argument("path", type=Path, help="a machine's ledger.db")
    reading.add_argument("--act", help="only this kind of act")
    reading.add_argument("--job", help="only this job")
    return parser


def _common(parser: argparse.ArgumentParser, serial: str) -> None:
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port number")
    parser.add_argument("--state", type=Path, required=True, help="folder of ledger.db")
    parser.add_argument(
        "--serial", default=serial, help="the machine's serial number, unique on a floor"
    )
    parser.add_argument("--seed", type=int, default=0, help="for the faults' chances")
    parser.add_argument("--sync", choices=("normal", "full"), default="normal", help="ledger fsync")


def _on_floor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--floor", type=Path, required=True, help="folder of the physical cards")


def _faulty(parser: argparse.ArgumentParser, known: tuple[str, ...]) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT:every=N|chance=P|next=N",
        help=f"may be repeated; {', '.join(known)}",
    )


def _contact(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kmc-file", type=Path, required=True, help="the chips' test transport key, AES, in hex"
    )


if __name__ == "__main__":
    sys.exit(main())
