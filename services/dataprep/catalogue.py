"""The catalogue as data preparation reads it at its start: products, issuers, issuers' keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from cardwright.hsm.jose import Jwk
from cardwright.issuer.registration import (
    IssuerRegistration,
    load_issuer_keys,
    load_registration,
)
from services.dataprep.products import Product

__all__ = ["Catalogue", "ProductError", "load_catalogue", "load_product"]


class ProductError(Exception):
    """A product's file is not usable.

    Attributes:
        code: PRODUCT_MISSING or PRODUCT_FORMAT.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products by name and version, issuers by name, and the key that each one reads with."""

    products: Mapping[tuple[str, int], Product]
    issuers: Mapping[str, IssuerRegistration]
    issuer_keys: Mapping[str, Jwk]

    def product(self, name: str, version: int = 0) -> Product | None:
        """Return that version, or the newest one for version 0."""
        if version == 0:
            version = max((v for n, v in self.products if n == name), default=0)
        return self.products.get((name, version))


def load_product(path: Path) -> Product:
    """Read one product; its name and version are those of its path.

    Raises:
        ProductError: PRODUCT_MISSING or PRODUCT_FORMAT, with what is wrong where.
    """
    where = "/".join(path.parts[-2:])
    try:
        product = Product.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError:
        raise ProductError("PRODUCT_MISSING", f"{where} can't be read") from None
    except (yaml.YAMLError, KeyError) as error:  # KeyError: the route names an unknown operation
        raise ProductError("PRODUCT_FORMAT", f"{where}: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'product'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        raise ProductError("PRODUCT_FORMAT", f"{where}: {faults}") from None
    if where != f"{product.name}/v{product.version}.yaml":
        raise ProductError("PRODUCT_FORMAT", f"{where}: name and version must be the path's")
    return product


def load_catalogue(folder: Path, issuer_keys: Path) -> Catalogue:
    """Read everything.

    Args:
        folder: The catalogue.
        issuer_keys: The folder with the issuers' public JWK Sets.

    Raises:
        ProductError: A product is not usable.
        cardwright.issuer.errors.RegistrationError: An issuer, or its keys, are not.
    """
    products = [load_product(path) for path in sorted(folder.glob("products/*/v*.yaml"))]
    issuers = [load_registration(path) for path in sorted(folder.glob("issuers/*.yaml"))]
    return Catalogue(
        products={(product.name, product.version): product for product in products},
        issuers={issuer.name: issuer for issuer in issuers},
        issuer_keys={issuer.name: _reading_key(issuer, issuer_keys) for issuer in issuers},
    )


def _reading_key(issuer: IssuerRegistration, folder: Path) -> Jwk:
    """Return the issuer's newest public key for encryption."""
    keys = load_issuer_keys(issuer, folder)
    return [key.as_dict(private=False) for key in keys if key.get("use") == "enc"][-1]
