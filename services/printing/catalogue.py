"""What the catalogue says of printing: a product's material and design, and each design's digest.

``catalogue/products/<product>/v<version>.yaml`` and ``catalogue/designs/<design>/v<version>/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cardwright.artwork import Design, load_design

__all__ = ["CatalogueError", "PrintedProduct", "load_designs", "load_products"]


class CatalogueError(Exception):
    """A product can't be used as the catalogue has it.

    Attributes:
        code: PRODUCT_INVALID, PRODUCT_DESIGN or PRODUCT_UNKNOWN.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class _ProductFile(BaseModel):
    """The keys that printing reads; data preparation checks the file as a whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    version: int
    material: str
    design: str


@dataclass(frozen=True, slots=True)
class PrintedProduct:
    """How a product is printed.

    Attributes:
        material: the blanks it is printed on, as the printer's hopper names them.
        design: name and version, ``"emv-debit/v1"``.
        design_digest: SHA-256 over the design's files, 32 octets.
    """

    material: str
    design: str
    design_digest: bytes


def load_designs(catalogue: Path) -> dict[str, Design]:
    """Load every design of the catalogue by ``name/v<version>``.

    Raises:
        DesignLoadError: One can't be used as it stands.
    """
    return {
        f"{file.parent.parent.name}/{file.parent.name}": load_design(file.parent)
        for file in sorted(catalogue.glob("designs/*/v*/design.yaml"))
    }


def load_products(
    catalogue: Path, designs: Mapping[str, Design]
) -> dict[tuple[str, int], PrintedProduct]:
    """Read how each product is printed, by name and version.

    Raises:
        CatalogueError: PRODUCT_INVALID, or PRODUCT_DESIGN: there is no such design.
    """
    products = {}
    for file in sorted(catalogue.glob("products/*/v*.yaml")):
        found = _read(file)
        if found.design not in designs:
            raise CatalogueError("PRODUCT_DESIGN", f"{file}: there is no design {found.design}")
        digest = bytes.fromhex(designs[found.design].digest)
        products[found.name, found.version] = PrintedProduct(found.material, found.design, digest)
    return products


def _read(file: Path) -> _ProductFile:
    try:
        return _ProductFile.model_validate(yaml.safe_load(file.read_bytes()))
    except (yaml.YAMLError, ValidationError) as error:
        raise CatalogueError("PRODUCT_INVALID", f"{file}: {error}") from error
