"""``python -m cardwright.artwork preview DESIGN --fields FILE --out DIR``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from cardwright.artwork.errors import DesignError
from cardwright.artwork.load import load_design
from cardwright.artwork.model import SideName
from cardwright.artwork.preview import preview
from cardwright.artwork.render import FieldValue, Renderer
from cardwright.secret import SecretText

SIDES: Final[tuple[SideName, ...]] = ("front", "back")
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Work on card designs."""


@app.command("preview")
def preview_command(
    design: Annotated[Path, typer.Argument(help="folder that holds design.yaml")],
    fields: Annotated[Path, typer.Option(help="JSON: a text, or @path of a photo, per field")],
    out: Annotated[Path, typer.Option(help="folder for front.png and back.png")],
) -> None:
    """Write both sides of a sample card as PNG, with chip contacts and stripe drawn in."""
    try:
        loaded = load_design(design)
        card = Renderer(loaded).render(_read_fields(fields))
    except DesignError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    out.mkdir(parents=True, exist_ok=True)
    for side in SIDES:
        target = out / f"{loaded.spec.name}-{side}.png"
        preview(loaded, card, side).save(target, optimize=True, dpi=(300, 300))
        typer.echo(str(target))


def _read_fields(path: Path) -> dict[str, FieldValue]:
    """Read sample fields; ``@name`` means the octets of a file beside the JSON file."""
    texts: dict[str, str] = json.loads(path.read_text())
    return {
        name: (path.parent / text[1:]).read_bytes() if text.startswith("@") else SecretText(text)
        for name, text in texts.items()
    }


if __name__ == "__main__":
    app()
