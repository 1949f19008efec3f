"""``python -m services.dataprep.lint CATALOGUE``: what contradicts itself in a catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cardwright.emv.lint import Finding, Severity, lint
from services.dataprep.catalogue import ProductError, load_profiles, read_product
from services.dataprep.chips import ApplicationsChip
from services.dataprep.domain import design
from services.dataprep.products import Product

__all__ = ["lint_catalogue"]


def lint_catalogue(folder: Path) -> dict[str, list[Finding]]:
    """Return the findings of each product, and of each profile that no product names.

    Raises:
        ProductError: A file is not well formed.
    """
    profiles = load_profiles(folder)
    products = [read_product(path) for path in sorted(folder.glob("products/*/v*.yaml"))]
    named = {name for product in products for name in _profiles_of(product)}
    return {
        f"{product.name}/v{product.version}": design.lint(product, profiles) for product in products
    } | {name: lint(profile) for name, profile in profiles.items() if name not in named}


def _profiles_of(product: Product) -> set[str]:
    chip = product.chip
    return (
        {item.profile for item in chip.applications}
        if isinstance(chip, ApplicationsChip)
        else set()
    )


def _shown(findings: Mapping[str, Sequence[Finding]]) -> list[dict[str, Any]]:
    return [
        {
            "of": name,
            "severity": finding.severity.value,
            "code": finding.code,
            "where": finding.where,
            "message": finding.message,
        }
        for name, found in findings.items()
        for finding in found
    ]


def main(
    catalogue: Annotated[Path, typer.Argument(help="folder with products and profiles")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="an array of findings")] = False,
) -> None:
    """Check a catalogue; exit with 1 if cards of one of its products could not work."""
    try:
        findings = lint_catalogue(catalogue)
    except ProductError as error:
        typer.echo(f"{error.code}: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(_shown(findings), indent=2))
    else:
        for name, found in findings.items():
            for finding in found:
                typer.echo(f"{name}: {finding}")
        typer.echo(f"{len(findings)} checked, {sum(map(len, findings.values()))} findings")
    severities = {finding.severity for found in findings.values() for finding in found}
    raise typer.Exit(int(Severity.ERROR in severities))


if __name__ == "__main__":
    typer.run(main)
