"""audit verify, stock, erasures, export, rebuild, republish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from cardwright.audit.erasures import ErasureFinding, ErasureReport, reconcile
from cardwright.audit.export import Export, export
from cardwright.audit.findings import Report
from cardwright.audit.rebuild import await_rebuild, request_rebuild
from cardwright.audit.sources import audit
from cardwright.audit.stock import StockCount, StockFinding, StockReport
from cardwright.cli.context import AsJson, State, bootstrap_of, console, layout_of, run, show, table
from cardwright.eventlog.codec import decode_event
from cardwright.line.auditor import Evidence, evidence_of
from cardwright.line.databases import database_of, role_of
from cardwright.line.erasures import kept_reports, sections_left

app = typer.Typer(no_args_is_help=True, help="Check custody, as an outsider would.")


@app.command()
def verify(state: State, *, as_json: AsJson = False) -> None:
    """Verify the log and the published copy, and name the first event that is wrong.

    A tail that was cut from both copies alike is not seen: see docs/audit.md.
    """
    report = run(_verify(state, quiet=as_json))
    findings = [asdict(finding) for finding in report.findings]
    told = {
        "verdict": "failed" if findings else "intact",
        "events": report.events,
        "streams": report.streams,
        "published": report.published,
        "findings": findings,
    }
    show(told, as_json=as_json, text="\n".join([verdict_of(report), *map(str, report.findings)]))
    if findings:
        raise typer.Exit(1)


@app.command()
def stock(state: State, *, as_json: AsJson = False) -> None:
    """Reconcile the blanks: received, loaded, used, dispatched, destroyed."""
    report = run(_stock(state))
    show(asdict(report), as_json=as_json, text=_stock_table(report))
    _tell(report.findings, as_json=as_json)


@app.command()
def erasures(state: State, *, as_json: AsJson = False) -> None:
    """Set the erasures of the log against the reports that are kept and what the vault holds."""
    report = run(_erasures(state))
    show(asdict(report), as_json=as_json, text=_erasure_table(report))
    _tell(report.findings, as_json=as_json)


@app.command("export")
def export_log(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    state: State,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the log, the keys and how to check them into a folder."""
    made = run(_export(state, folder))
    told = {"folder": str(made.folder), "events": made.events}
    show(told, as_json=as_json, text=f"{made.events} events in {made.folder}; see its README.md")


@app.command()
def rebuild(state: State) -> None:
    """Drop the query service's projection and build it again from `events`, while it serves."""
    run(_rebuild(state))
    console.print("the projection is rebuilt")


@app.command()
def republish(
    state: State,
    after: Annotated[int, typer.Option(min=0, help="position of the last event that is kept")] = 0,
) -> None:
    """Have custody publish the log again, for a topic `events` that lost messages."""
    run(_republish(state, after))
    console.print(f"custody publishes again what stands after position {after}")


def _tell(findings: Sequence[StockFinding | ErasureFinding], *, as_json: bool) -> None:
    """Name what does not add up, if anything does not, and end so."""
    for finding in () if as_json else findings:
        console.print(f"{finding.code}: {finding.subject}: {finding.detail}")
    if findings:
        raise typer.Exit(1)


def verdict_of(report: Report) -> str:
    """Say in a line how an audit ended."""
    if report.findings:
        return f"FAILED: {len(report.findings)} of {report.streams} streams; the first:"
    return (
        f"intact: {report.events} events in {report.streams} streams,"
        f" {report.published} published messages agree"
    )


async def _evidence(state: Path) -> Evidence:
    layout = layout_of(state)
    return await evidence_of(layout, bootstrap_of(layout))


async def _verify(state: Path, *, quiet: bool) -> Report:
    evidence = await _evidence(state)
    if quiet:
        return await audit(evidence.log, evidence.published, evidence.public_keys)
    with console.status("reading the log") as status:
        return await audit(
            evidence.log,
            evidence.published,
            evidence.public_keys,
            lambda events: status.update(f"{events} events read"),
        )


async def _stock(state: Path) -> StockReport:
    count = StockCount()
    async for row in (await _evidence(state)).log.rows():
        count.take(decode_event(row.body))
    return count.report()


async def _erasures(state: Path) -> ErasureReport:
    layout = layout_of(state)
    events = [decode_event(row.body) async for row in (await _evidence(state)).log.rows()]
    return reconcile(events, await kept_reports(layout), await sections_left(layout))


def _erasure_table(report: ErasureReport) -> Any:
    columns = ("card", "UTC", "cause", "sections", "report")
    rows: list[Sequence[Any]] = [
        (c.card_id, f"{c.at:%F %T}", c.cause, ", ".join(c.sections) or "none left", c.report[:12])
        for c in report.cards
    ]
    return table(f"Erased cards; {report.reports} reports", columns, rows)


def _stock_table(report: StockReport) -> Any:
    columns = ("material", "received", "in devices", "in process", "dispatched", "destroyed")
    rows: list[Sequence[Any]] = [
        (m.material, m.received, m.loaded, m.in_process, m.dispatched, m.destroyed)
        for m in report.materials
    ]
    return table("Blanks", columns, rows)


async def _export(state: Path, folder: Path) -> Export:
    evidence = await _evidence(state)
    return await export(folder, evidence.log.rows(), evidence.public_keys)


async def _republish(state: Path, after: int) -> None:
    dsn = _dsn(state, "custody")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("UPDATE published SET position = least(position, $1)", after)
    finally:
        await connection.close()


async def _rebuild(state: Path) -> None:
    dsn = _dsn(state, "query")
    await await_rebuild(dsn, await request_rebuild(dsn))


def _dsn(state: Path, service: str) -> str:
    layout = layout_of(state)
    role, port = role_of(service), layout.ports()["postgres"]
    return f"postgresql://{role}:{layout.password(role)}@127.0.0.1:{port}/{database_of(service)}"
