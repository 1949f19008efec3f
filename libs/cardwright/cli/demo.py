"""demo: everything at once, watched."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cardwright.cli.audit import verdict_of
from cardwright.cli.context import AsJson, State, console, run, show, table
from cardwright.cli.stock import receive_and_load, receive_and_load_forms
from cardwright.demo.output import Output, write_output
from cardwright.demo.run import Run, follow, load_run, open_issuers, plan, submit, tally_of
from cardwright.demo.tally import Tally
from cardwright.driver.connection import DeviceConnection
from cardwright.line.bureau import bureau_key
from cardwright.line.layout import SITE, Layout, repository
from cardwright.line.line import Line, issuers_of, running_line
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import choose_stack
from cardwright.operator import Operator, open_operator
from cardwright.secret import SecretText

__all__ = ["demo"]

FAULTS = {
    "printer-1": ("smudge:every=9", "jam:every=14"),
    "printer-2": ("smudge:every=11",),
    "encoder-1": ("stripe_weak:every=17",),
}
_PRINTERS = ("printer-1", "printer-2")
_MATERIALS = {"pvc-dual": ("hico", 60), "pvc-badge": ("none", 40)}
_LOW = 35
_MAILER, _FORMS = "mailer-1", 60
_NEXT = """
Try next:
  .venv/bin/cardwright up                  the same line, in the background
  .venv/bin/cardwright card show {card}
  .venv/bin/cardwright card custody {card}
  .venv/bin/cardwright submit examples/aurora-bank/requests.csv --issuer aurora-bank
  .venv/bin/cardwright audit stock
  .venv/bin/cardwright down"""


def demo(state: State, *, as_json: AsJson = False) -> None:
    """Run two issuers' requests through a whole line, with faults, and check the custody."""
    result = run(_demo(Layout(state), quiet=as_json))
    if as_json:
        show(result, as_json=True)


async def _demo(layout: Layout, *, quiet: bool) -> dict[str, Any]:
    began = time.monotonic()

    def report(step: str) -> None:
        if not quiet:
            console.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {step}")

    options = LineOptions(faults=FAULTS, card_seconds=0.05)
    async with running_line(layout, choose_stack(), options, report) as line:
        run_ = load_run(layout)
        token = SecretText(layout.token_file("operator").read_text().strip())
        hsm = f"127.0.0.1:{layout.ports()['hsm']}"
        async with open_operator(line.bootstrap, hsm, token, SITE) as operator:
            await _stock(layout, operator, report)
            tally = await _cards(layout, line, operator, run_, report, quiet=quiet)
        report("output tray, audit")
        output = await write_output(layout, line, tally, run_.number)
    if not quiet:
        _closing(tally, output)
    return {
        "run": run_.number,
        "seconds": round(time.monotonic() - began, 1),
        "products": {name: row.told() for name, row in sorted(tally.rows.items())},
        "dead_letters": dict(tally.dead),
        "output": str(output.folder),
        "audit": verdict_of(output.report),
        "example": output.example,
    }


async def _stock(layout: Layout, operator: Operator, report: Callable[[str], None]) -> None:
    """Load the hoppers that run low, each with a lot of its own."""
    for device, material in itertools.product(_PRINTERS, _MATERIALS):
        stripe, count = _MATERIALS[material]
        port = layout.ports()[device]
        async with DeviceConnection("127.0.0.1", port) as printer:
            hopper = (await printer.ask("SUPPLIES")).ok["hopper"]
        if hopper.get(material, 0) >= _LOW:
            continue
        kind = material.rpartition("-")[2]
        lot = f"LOT{datetime.now(UTC):%y%m%d%H%M%S}-{kind}-{device[-1]}"
        await receive_and_load(
            operator,
            port,
            lot=lot,
            material=material,
            count=count,
            device=device,
            stripe=stripe,
        )
        report(f"stock: {count} blanks of {material} into {device}")
    await _forms(layout, operator, report)


async def _forms(layout: Layout, operator: Operator, report: Callable[[str], None]) -> None:
    port = layout.ports()[_MAILER]
    async with DeviceConnection("127.0.0.1", port) as mailer:
        left = (await mailer.ask("SUPPLIES")).ok["forms"]
    if left < _LOW:
        lot = f"LOT{datetime.now(UTC):%y%m%d%H%M%S}-forms"
        await receive_and_load_forms(operator, port, lot=lot, count=_FORMS, device=_MAILER)
        report(f"stock: {_FORMS} PIN mailer forms into {_MAILER}")


async def _cards(
    layout: Layout,
    line: Line,
    operator: Operator,
    run_: Run,
    report: Callable[[str], None],
    *,
    quiet: bool,
) -> Tally:
    bureau: ECKey = await bureau_key(layout)
    issuers = await asyncio.to_thread(issuers_of, repository() / "catalogue")
    async with open_issuers(layout, line.bootstrap, bureau, issuers) as clients:
        planned = plan(clients, run_)
        tally = tally_of(planned)
        report(f"run {run_.number}: {len(planned)} requests of {len(clients)} issuers")
        await submit(clients, planned, run_, layout)
        progress, view = _progress(tally)
        with Live(view, console=console, refresh_per_second=8, transient=True) as live:

            def watch(now: Tally, note: str) -> None:
                progress.update(progress.task_ids[0], completed=now.done)
                live.update(Group(progress, _stages(now)))
                if note and not quiet:
                    console.print(f"         {note}")

            await follow(clients, line.bootstrap, operator, tally, run_, watch)
    run_.finished = True
    run_.save(layout)
    return tally


def _progress(tally: Tally) -> tuple[Progress, Group]:
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )
    progress.add_task("requests at their end", total=tally.expected)
    return progress, Group(progress, _stages(tally))


def _stages(tally: Tally) -> Any:
    names = (
        "ACCEPTED",
        "PREPARED",
        "EXCEPTION",
        "REMADE",
        "PRODUCED",
        "DISPATCHED",
        "PIN_MAILED",
        "REFUSED",
    )
    rows = []
    for product in sorted(set(tally.cards.values())):
        stages = tally.stages(product)
        rows.append((product, *(stages[name] or "·" for name in names)))
    return table("", ("product", *(name.lower().replace("_", " ") for name in names)), rows)


def _closing(tally: Tally, output: Output) -> None:
    rows = [
        (
            product,
            row.requested,
            sum(row.refused.values()) or "",
            row.remade or "",
            row.dispatched or "",
            row.mailed or "",
            f"{row.seconds:.1f}",
        )
        for product, row in sorted(tally.rows.items())
    ]
    columns = ("product", "requested", "refused", "remade", "dispatched", "PINs mailed", "seconds")
    console.print(table("What became of the requests", columns, rows))
    console.print(table("Refused, and why", ("told to", "code", "cards"), _refusals(tally)))
    console.print(f"output        {_short(output.folder)}", soft_wrap=True)
    console.print(f"audit verify  {verdict_of(output.report)}", soft_wrap=True)
    console.print(_NEXT.format(card=output.example), soft_wrap=True)


def _refusals(tally: Tally) -> list[tuple[str, str, int]]:
    told = [
        (f"issuer, for {product}", code, count)
        for product, row in sorted(tally.rows.items())
        for code, count in sorted(row.refused.items())
    ]
    return told + [("dead letters", code, count) for code, count in sorted(tally.dead.items())]


def _short(folder: Path) -> Path:
    """Name a folder as seen from here, where that is shorter."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
