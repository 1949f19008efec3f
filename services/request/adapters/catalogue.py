"""Products and issuers as the request service knows them, from the catalogue folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cardwright.hsm.jose import Jwk
from cardwright.issuer.registration import (
    IssuerRegistration,
    load_issuer_keys,
    load_registration,
)
from services.request.domain.model import Eligibility, Issuer, Presence, Product

__all__ = ["Catalogue", "CatalogueError", "RegisteredIssuer", "load_catalogue"]

_VERSION_FILE = re.compile(r"v([1-9][0-9]*)\.yaml")


class CatalogueError(Exception):
    """A product file can't be used.

    Attributes:
        code: CATALOGUE_PRODUCT.
    """

    code = "CATALOGUE_PRODUCT"


class _EligibilityFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    photo: Presence
    account: Presence
    employee: Presence
    address: Presence = Presence.NONE


class _ProductFile(BaseModel):
    """The keys of a product file that matter here; it holds many more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    state: Literal["draft", "active"] = "active"
    eligibility: _EligibilityFile
    issuers: frozenset[str] | None = None

    def product(self) -> Product:
        wanted = self.eligibility
        return Product(
            self.name,
            Eligibility(wanted.photo, wanted.account, wanted.employee, wanted.address),
            self.issuers,
        )


@dataclass(frozen=True, slots=True)
class RegisteredIssuer:
    """An issuer, and the public keys that may sign its requests, by key id."""

    issuer: Issuer
    signing_keys: Mapping[str, Jwk]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that requests are judged by, by name."""

    issuers: Mapping[str, RegisteredIssuer]
    products: Mapping[str, Product]


def load_catalogue(catalogue: Path, issuer_keys: Path) -> Catalogue:
    """Read the newest active version of every product, and every registered issuer.

    Args:
        catalogue: the folder with ``issuers/*.yaml`` and ``products/<product>/v<n>.yaml``.
        issuer_keys: the folder with the issuers' public JWK Sets.

    Raises:
        CatalogueError: A product file is not as it should be.
        cardwright.issuer.errors.RegistrationError: An issuer's file or keys are not.
    """
    registrations = [load_registration(path) for path in sorted(catalogue.glob("issuers/*.yaml"))]
    folders = [folder for folder in sorted(catalogue.glob("products/*/")) if folder.is_dir()]
    products = [product for folder in folders if (product := _newest(folder)) is not None]
    return Catalogue(
        issuers={item.name: _registered(item, issuer_keys) for item in registrations},
        products={product.name: product for product in products},
    )


def _registered(registration: IssuerRegistration, folder: Path) -> RegisteredIssuer:
    account_range = registration.account_range
    keys = load_issuer_keys(registration, folder)
    return RegisteredIssuer(
        Issuer(
            name=registration.name,
            products=registration.products,
            bin=account_range.bin if account_range else None,
            pan_length=account_range.length if account_range else 16,
        ),
        {str(key.kid): key.as_dict(private=False) for key in keys if key.get("use") == "sig"},
    )


def _newest(folder: Path) -> Product | None:
    """Return the newest version that is no draft; None if all are."""
    versions = {
        int(match[1]): path
        for path in folder.iterdir()
        if (match := _VERSION_FILE.fullmatch(path.name))
    }
    if not versions:
        raise CatalogueError(f"{folder.name} has no version file such as v1.yaml")
    for _, path in sorted(versions.items(), reverse=True):
        product = _product(path)
        if product.state == "active":
            return product.product()
    return None


def _product(path: Path) -> _ProductFile:
    where = f"{path.parent.name}/{path.name}"
    try:
        product = _ProductFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except yaml.YAMLError:
        raise CatalogueError(f"{where} is not YAML") from None
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) or "all" for item in error.errors())
        raise CatalogueError(f"{where}: {fields}") from None
    if product.name != path.parent.name:
        raise CatalogueError(f"{where}: name must be that of its folder")
    return product
