"""dataprep: what a product's cards hold, and what contradicts itself in a catalogue."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Final

import typer

from cardwright.line.layout import repository

__all__ = ["AS_TYPED", "app"]

AS_TYPED: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Options go on to the service's own program, --help among them."""

app = typer.Typer(no_args_is_help=True, help="Explain and check what cards hold.")


@app.command("explain", context_settings=AS_TYPED, add_help_option=False)
def explain(
    words: Annotated[list[str] | None, typer.Argument(help="e.g. emv-debit/v2")] = None,
) -> None:
    """Say tag by tag what a product's sample card holds, whence and where; values are masked."""
    _own_program("explain", words or ["--help"])


@app.command("lint", context_settings=AS_TYPED, add_help_option=False)
def lint(
    words: Annotated[list[str] | None, typer.Argument(help="the catalogue's folder")] = None,
) -> None:
    """List what contradicts itself in a catalogue; exits with 1 if cards could not work."""
    _own_program("lint", words or ["catalogue"])


@app.command("schema", context_settings=AS_TYPED, add_help_option=False)
def schema(
    words: Annotated[list[str] | None, typer.Argument(help="profile or product")] = None,
) -> None:
    """Print the JSON schema of profiles, or of products."""
    _own_program("schema", words or [])


def _own_program(name: str, words: list[str]) -> None:
    """Run the service's own program: what it knows of products is not a library's."""
    program = [sys.executable, "-m", f"services.dataprep.{name}", *words]
    done = subprocess.run(program, cwd=repository(), check=False)  # noqa: S603  # our own program
    raise typer.Exit(done.returncode)
