"""``cardwright``: run a line, submit requests, follow cards, check custody."""

from __future__ import annotations

import typer

from cardwright.cli import audit, card, demo, exception, line, stock, submit

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=__doc__,
)
app.command("up")(line.up)
app.command("down")(line.down)
app.command("status")(line.status)
app.command("serve")(line.serve)
app.command("demo")(demo.demo)
app.command("submit")(submit.submit)
app.add_typer(card.app, name="card")
app.add_typer(exception.app, name="exception")
app.add_typer(audit.app, name="audit")
app.add_typer(stock.app, name="stock")


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()
