"""``python -m services.dataprep.schema``: the JSON schema of EMV application profiles."""

from __future__ import annotations

import json

import typer

from cardwright.emv.profile import profile_schema

__all__ = ["schema_text"]


def schema_text() -> str:
    """Return what ``docs/schemas/emv-profile.schema.json`` holds."""
    return json.dumps(profile_schema(), indent=2) + "\n"


if __name__ == "__main__":
    typer.echo(schema_text(), nl=False)
