"""``python -m cardwright.issuer``: make an issuer's keys, and check a request file before it goes.

Nothing here talks to the bureau.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from joserfc.jwk import ECKey

from cardwright.issuer.errors import IssuerError, RequestError
from cardwright.issuer.files import LineProblem, NumberedRow, read_requests
from cardwright.issuer.keys import create_keys
from cardwright.issuer.message import Sealer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def init(
    issuer: Annotated[str, typer.Option(help="registered name, e.g. aurora-bank")],
    out: Annotated[Path, typer.Option(help="folder for the key files")],
) -> None:
    """Generate the signing and the decryption key, and the public JWK Set for the bureau."""
    try:
        files = create_keys(issuer, out)
    except IssuerError as error:
        _fail(error)
    typer.echo(f"private, keep: {files.signing}\nprivate, keep: {files.decryption}")
    typer.echo(f"public, for the bureau: {files.public}")


@app.command()
def check(file: Path) -> None:
    """Read a .ndjson or .csv file as it would be sent; exit with 1 if a line can't be."""
    # Sealing to throwaway keys takes every path that a real submission takes.
    sealer = Sealer("check", _throwaway("check/sign#1"), _throwaway("bureau/check#1"))
    good = bad = 0
    try:
        for item in read_requests(file):
            problem = item if isinstance(item, LineProblem) else _problem(item, file.parent, sealer)
            if problem is None:
                good += 1
            else:
                bad += 1
                typer.echo(f"{file.name}: {problem}", err=True)
    except IssuerError as error:
        _fail(error)
    typer.echo(f"{file.name}: {good} can be sent, {bad} can't")
    if bad:
        raise typer.Exit(1)


def _problem(item: NumberedRow, folder: Path, sealer: Sealer) -> LineProblem | None:
    try:
        sealer.message(item.row, folder=folder, now=datetime.now(UTC))
    except RequestError as error:
        return LineProblem(item.line, error.code, str(error))
    return None


def _throwaway(key_id: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": key_id})


def _fail(error: IssuerError) -> None:
    typer.echo(f"{error.code}: {error}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
