"""``python -m services.dataprep.schema [profile|product]``: the JSON schemas of catalogue files."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cardwright.emv.profile import profile_schema
from services.dataprep.products import product_schema

__all__ = ["product_schema_text", "schema_text"]


def schema_text() -> str:
    """Return what ``docs/schemas/emv-profile.schema.json`` holds."""
    return json.dumps(profile_schema(), indent=2) + "\n"


def product_schema_text() -> str:
    """Return what ``docs/schemas/product.schema.json`` holds."""
    return json.dumps(product_schema(), indent=2) + "\n"


def main(
    kind: Annotated[str, typer.Argument(help="profile or product")] = "profile",
) -> None:
    """Print a JSON schema."""
    texts = {"profile": schema_text, "product": product_schema_text}
    if kind not in texts:
        raise typer.BadParameter("name a kind of file: profile or product")
    typer.echo(texts[kind](), nl=False)


if __name__ == "__main__":
    typer.run(main)
