"""stock load, forms, resume, show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cardwright.cli.context import AsJson, State, console, layout_of, operator_of, run, show
from cardwright.driver.connection import DeviceConnection
from cardwright.operator import FORM_MATERIAL, Operator, load_forms, load_hopper

app = typer.Typer(
    no_args_is_help=True, help="Blanks and forms: what came in, what is loaded, what is left."
)


@app.command()
def load(
    lot: Annotated[str, typer.Argument(help="the supplier's lot number, used once")],
    state: State,
    material: Annotated[str, typer.Option(help='e.g. "pvc-dual"')] = "pvc-dual",
    count: Annotated[int, typer.Option(min=1, help="blanks counted in")] = 100,
    device: Annotated[str, typer.Option(help="the printer")] = "printer-1",
    stripe: Annotated[str, typer.Option(help="hico, loco or none")] = "hico",
) -> None:
    """Receive a lot and load all of it into a printer's hopper."""
    run(_load(state, lot, material, count, device, stripe))
    console.print(f"{count} blanks of {material} are in {device}")


@app.command()
def forms(
    lot: Annotated[str, typer.Argument(help="the supplier's lot number, used once")],
    state: State,
    count: Annotated[int, typer.Option(min=1, help="forms counted in")] = 100,
    device: Annotated[str, typer.Option(help="the PIN mailer printer")] = "mailer-1",
) -> None:
    """Receive a lot of numbered PIN mailer forms and load all of it into a PIN mailer printer."""
    run(_forms(state, lot, count, device))
    console.print(f"{count} forms are in {device}")


@app.command()
def resume(
    device: Annotated[str, typer.Argument(help="the machine that stands still")], state: State
) -> None:
    """Tell a machine that its ribbon, film, hopper or forms are in order again."""
    run(_resume(state, device))
    console.print(f"{device} goes on")


@app.command("show")
def show_stock(state: State, *, as_json: AsJson = False) -> None:
    """Show what the printers hold: blanks, ribbon, film, forms."""
    found = run(_supplies(state))
    show(found, as_json=as_json)


async def _load(state: Path, lot: str, material: str, count: int, device: str, stripe: str) -> None:
    port = layout_of(state).ports()[device]
    async with operator_of(state) as operator:
        await receive_and_load(
            operator, port, lot=lot, material=material, count=count, device=device, stripe=stripe
        )


async def _forms(state: Path, lot: str, count: int, device: str) -> None:
    port = layout_of(state).ports()[device]
    async with operator_of(state) as operator:
        await receive_and_load_forms(operator, port, lot=lot, count=count, device=device)


async def receive_and_load_forms(
    operator: Operator, port: int, *, lot: str, count: int, device: str
) -> None:
    """Count a lot of forms in and load it: the facts first, as with blanks."""
    stream = await operator.receive_lot(lot, FORM_MATERIAL, count)
    await operator.issue_lot(stream, lot, device, count)
    await load_forms("127.0.0.1", port, lot, count)


async def receive_and_load(
    operator: Operator,
    port: int,
    *,
    lot: str,
    material: str,
    count: int,
    device: str,
    stripe: str,
) -> None:
    """Count a lot in and load it: the facts first, since stock must never exist unrecorded."""
    stream = await operator.receive_lot(lot, material, count)
    await operator.issue_lot(stream, lot, device, count)
    await load_hopper("127.0.0.1", port, lot, 1, count, material, stripe=stripe)


async def _resume(state: Path, device: str) -> None:
    async with DeviceConnection("127.0.0.1", layout_of(state).ports()[device]) as printer:
        await printer.ask("RESUME")


async def _supplies(state: Path) -> dict[str, object]:
    ports = layout_of(state).ports()
    found: dict[str, object] = {}
    for name in ("printer-1", "printer-2", "mailer-1"):
        async with DeviceConnection("127.0.0.1", ports[name]) as printer:
            found[name] = dict((await printer.ask("SUPPLIES")).ok)
    return found
