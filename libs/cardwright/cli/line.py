"""up, down, status, serve."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cardwright.cli.context import AsJson, State, console, run, running, show, table
from cardwright.line.layout import SERVICES, Layout, repository
from cardwright.line.line import running_line
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import choose_stack
from cardwright.localstack.process import ProcessSpec, spawn_detached
from cardwright.localstack.processes import stop_recorded
from cardwright.localstack.waiting import until

__all__ = ["down", "serve", "status", "up"]

_READY_WITHIN = 180.0


def up(
    state: State,
    *,
    foreground: Annotated[bool, typer.Option(help="stay; Ctrl-C stops the line")] = False,
) -> None:
    """Start a whole line on this machine; it goes on until `cardwright down`."""
    run(_serve_line(Layout(state)) if foreground else _detach(Layout(state)))


def down(state: State) -> None:
    """Stop the line. What it made and knows stays."""
    run(stop_recorded(state / "line.json"))
    console.print("the line is down")


def status(state: State, *, as_json: AsJson = False) -> None:
    """Show the processes of the line."""
    found = running(state)
    processes = found.processes if found else ()
    rows = [
        {
            "name": p.name,
            "state": p.state.value,
            "pid": p.identity.pid if p.identity else None,
            "restarts": p.restarts,
            "log": p.log,
        }
        for p in processes
    ]
    if not rows and not as_json:
        console.print("no line runs here; `cardwright up` starts one")
        return
    columns = ("name", "state", "pid", "restarts", "log")
    text = table("The line", columns, [list(row.values()) for row in rows])
    show(rows, as_json=as_json, text=text)


def serve(service: Annotated[str, typer.Argument(help=", ".join(SERVICES))]) -> None:
    """Become a service, with settings from CARDWRIGHT_* (docs/settings.md)."""
    if service not in SERVICES:
        sys.stderr.write(f"SERVICE_UNKNOWN: there are {', '.join(SERVICES)}\n")
        raise typer.Exit(2)
    os.chdir(repository())
    program = [sys.executable, "-m", f"services.{service}"]
    os.execv(sys.executable, program)  # noqa: S606 - this process becomes the service


async def _serve_line(layout: Layout) -> None:
    ready = layout.root / "line.ready"
    ready.unlink(missing_ok=True)
    async with running_line(layout, choose_stack(), LineOptions(), console.print) as line:
        ready.touch()
        console.print("the line is up")
        await line.supervisor.run_until_signalled()
    ready.unlink(missing_ok=True)


async def _detach(layout: Layout) -> None:
    if running(layout.root) is not None:
        console.print("the line is up already; `cardwright status` shows it")
        return
    ready: Path = layout.root / "line.ready"
    spec = ProcessSpec(
        name="line",
        argv=(
            *(sys.executable, "-m", "cardwright.cli.main"),
            *("up", "--foreground", "--state", str(layout.root)),
        ),
        log=layout.log_file("line"),
        ready_file=ready,
    )
    process = await asyncio.to_thread(spawn_detached, spec)

    async def is_ready() -> bool:
        if not process.alive():
            raise ConnectionError
        return await spec.is_ready()

    with console.status("starting the line"):
        await until(is_ready, _READY_WITHIN, "the line is up")
    console.print("the line is up; `cardwright status` shows it, `cardwright down` stops it")
