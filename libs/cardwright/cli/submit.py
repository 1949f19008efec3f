"""submit: what an issuer's system does, from a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cardwright.cli.context import AsJson, State, bootstrap_of, layout_of, run, show
from cardwright.issuer.client import IssuerClient
from cardwright.issuer.errors import RequestError
from cardwright.issuer.files import LineProblem, read_requests
from cardwright.issuer.first_article import first_articles
from cardwright.issuer.keys import load_key
from cardwright.issuer.message import RequestMessage, Sealer
from cardwright.line.bureau import bureau_key
from cardwright.line.layout import Layout

__all__ = ["submit"]


def submit(
    file: Annotated[Path, typer.Argument(help=".ndjson or .csv, see docs/issuers.md")],
    issuer: Annotated[str, typer.Option(help="the issuer's registered name")],
    state: State,
    *,
    first_article: Annotated[
        bool, typer.Option("--first-article", help="order a test card of each product first")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal, sign and produce the requests of a file. Bad lines are told, good ones go."""
    problems: list[str] = []
    sent = run(_submit(layout_of(state), file, issuer, problems, first_article=first_article))
    result = {"sent": sent, "problems": problems}
    show(result, as_json=as_json, text="\n".join([f"{sent} requests sent", *problems]))
    if problems:
        raise typer.Exit(1)


async def _submit(
    layout: Layout, file: Path, issuer: str, problems: list[str], *, first_article: bool
) -> int:
    home = layout.issuer_secrets
    async with IssuerClient(
        bootstrap_of(layout),
        issuer,
        load_key(home / f"{issuer}.sign.jwk.json"),
        await bureau_key(layout),
    ) as client:
        first = await client.submit(_first(client.sealer, file)) if first_article else 0
        return first + await client.submit(_messages(client.sealer, file, problems))


def _first(sealer: Sealer, file: Path) -> Iterator[RequestMessage]:
    """Yield the first articles of the products in a file; its bad lines are told with the rest."""
    rows = (item.row for item in read_requests(file) if not isinstance(item, LineProblem))
    with tempfile.TemporaryDirectory() as scratch:
        for row in first_articles(rows, Path(scratch)):
            yield sealer.message(row, folder=Path(scratch), now=datetime.now(UTC))


def _messages(sealer: Sealer, file: Path, problems: list[str]) -> Iterator[RequestMessage]:
    for item in read_requests(file):
        if isinstance(item, LineProblem):
            problems.append(f"{file.name}: {item}")
            continue
        try:
            yield sealer.message(item.row, folder=file.parent, now=datetime.now(UTC))
        except RequestError as error:
            problems.append(f"{file.name}:{item.line}: {error.code}: {error}")
