"""``python -m services.dataprep.explain PRODUCT``: a sample card tag by tag, and whence each is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cardwright.emv.card_values import CardValues
from cardwright.emv.errors import EmvError
from cardwright.emv.explain import Explained, explain, explain_directory
from cardwright.emv.profile import Profile
from cardwright.iso.names import stripe_name
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.secret import SecretText
from services.dataprep.catalogue import ProductError, load_profiles, read_product
from services.dataprep.chips import ApplicationsChip, EmvChip
from services.dataprep.domain.applications import directories
from services.dataprep.products import Product

__all__ = ["explain_product", "load_sample"]

Sample = Mapping[str, str]
"""A card's values by name; see ``catalogue/profiles/sample-card.yaml``."""


def load_sample(folder: Path) -> Sample:
    """Read the catalogue's sample card."""
    text = (folder / "profiles/sample-card.yaml").read_text(encoding="utf-8")
    return {name: str(value) for name, value in yaml.safe_load(text).items()}


def explain_product(
    product: Product, profiles: Mapping[str, Profile], sample: Sample
) -> dict[str, list[Explained]]:
    """Return what each application of a sample card holds, by its AID in hexadecimal.

    Directories follow, by their names.

    Raises:
        ProductError: PRODUCT_FORMAT for a product without an EMV application, PROFILE_MISSING.
        EmvError: Its records can't be planned: run the linter.
    """
    chip, lists = product.chip, dict[str, list[Explained]]()
    if isinstance(chip, ApplicationsChip):
        missing = {item.profile for item in chip.applications} - profiles.keys()
        if missing:
            raise ProductError("PROFILE_MISSING", f"There is no profile {', '.join(missing)}")
        applications = [
            (item.instance_aid, profiles[item.profile], item.track2) for item in chip.applications
        ]
        lists = {
            name.decode(): explain_directory(dgis) for name, dgis in directories(chip, profiles)
        }
    elif isinstance(chip, EmvChip):
        applications = [(chip.instance_aid, chip.profile, chip.track2)]
    else:
        raise ProductError("PRODUCT_FORMAT", f"{product.name} has no EMV application to explain")
    return {
        aid.hex().upper(): explain(profile, _values(product, track2, sample))
        for aid, profile, track2 in applications
    } | lists


def _values(product: Product, track2: str, sample: Sample) -> CardValues:
    assert product.payment is not None, "products.py: an EMV chip has the payment section"
    return CardValues(
        pan=Pan(sample["pan"]),
        psn=sample["sequence_number"],
        expiry=Expiry.from_yymm(sample["expiry"]),
        effective=dt.date.fromisoformat(sample["effective"]),
        service_code=ServiceCode(product.payment.service_code),
        track2_discretionary=SecretText(
            track2.format(
                icvv=sample["icvv"], pvki=sample["pvki"], pvv=sample["pvv"], offset=sample["pvv"]
            )
        ),
        stripe_name=stripe_name(sample["surname"], sample["given_names"]),
    )


def _line(row: Explained) -> str:
    marks = " ".join((*row.interfaces, *(["signed"] if row.signed else [])))
    value = f"{row.value} ({row.meaning})" if row.meaning else row.value
    left = f"{row.tag:<5}{row.name:<52}{row.grouping}  {row.place:<24}{row.origin:<16}{marks:<28}"
    return f"{left}{value}".rstrip()


def main(
    product: Annotated[str, typer.Argument(help="name and version, such as emv-debit/v2")],
    catalogue: Annotated[Path, typer.Option(help="folder with products and profiles")] = Path(
        "catalogue"
    ),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="rows by application")] = False,
) -> None:
    """Say what the chip of a sample card of a product holds, tag by tag."""
    try:
        explained = explain_product(
            read_product(catalogue / f"products/{product}.yaml"),
            load_profiles(catalogue),
            load_sample(catalogue),
        )
    except (ProductError, EmvError) as error:
        typer.echo(f"{error.code}: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        shown: Any = {aid: [asdict(row) for row in rows] for aid, rows in explained.items()}
        typer.echo(json.dumps(shown, indent=2))
        return
    for aid, rows in explained.items():
        typer.echo(f"application {aid}")
        for row in rows:
            typer.echo(_line(row))


if __name__ == "__main__":
    typer.run(main)
