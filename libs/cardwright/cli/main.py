"""``cardwright``: run a line, submit requests, follow cards, check custody."""

from __future__ import annotations

import sys

import typer

from cardwright.cli import (
    audit,
    card,
    chip,
    dataprep,
    demo,
    exception,
    exchange,
    keys,
    line,
    stations,
    stock,
    submit,
)
from cardwright.cli.context import tell_coded

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Run a card line, submit requests, follow cards, check custody.",
)
app.command("up")(line.up)
app.command("down")(line.down)
app.command("status")(line.status)
app.command("stations")(stations.stations)
app.command("serve")(line.serve)
app.command("demo")(demo.demo)
app.command("submit")(submit.submit)
app.command("keys", context_settings=keys.AS_TYPED, add_help_option=False)(keys.keys)
app.add_typer(card.app, name="card")
app.add_typer(chip.app, name="chip")
app.add_typer(dataprep.app, name="dataprep")
app.add_typer(exchange.app, name="exchange")
app.add_typer(exception.app, name="exception")
app.add_typer(audit.app, name="audit")
app.add_typer(stock.app, name="stock")


def main() -> None:
    """Entry point of the command."""
    sys.excepthook = tell_coded
    # Not app(): that would put a hook of its own in place.
    typer.main.get_command(app)()


if __name__ == "__main__":
    main()
