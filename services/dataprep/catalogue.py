"""The catalogue as data preparation reads it: profiles, products, issuers, issuers' keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cardwright.emv.lint import Severity
from cardwright.emv.profile import Profile
from cardwright.hsm.jose import Jwk
from cardwright.issuer.registration import (
    IssuerRegistration,
    load_issuer_keys,
    load_registration,
)
from services.dataprep.chips import faults
from services.dataprep.domain.design import lint
from services.dataprep.products import Product

__all__ = [
    "Catalogue",
    "ProductError",
    "load_catalogue",
    "load_product",
    "load_profile",
    "load_profiles",
    "read_product",
]


class ProductError(Exception):
    """A product's or a profile's file is not usable.

    Attributes:
        code: PRODUCT_MISSING, PRODUCT_FORMAT, PRODUCT_LINT, PROFILE_MISSING or PROFILE_FORMAT.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products by name and version, issuers by name, and the key that each one reads with.

    ``profiles`` are by name and version too, in one: ``emv-debit-cda/v1``.
    """

    products: Mapping[tuple[str, int], Product]
    issuers: Mapping[str, IssuerRegistration]
    issuer_keys: Mapping[str, Jwk]
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def product(self, name: str, version: int = 0) -> Product | None:
        """Return that version, or the newest one for version 0; none that is a draft."""
        active = {
            key: product for key, product in self.products.items() if product.state == "active"
        }
        if version == 0:
            version = max((v for n, v in active if n == name), default=0)
        return active.get((name, version))


def load_product(path: Path, profiles: Mapping[str, Profile] | None = None) -> Product:
    """Read one product, and refuse it if cards of it could not work.

    Args:
        path: Its name and version are the product's.
        profiles: Those that it may name.

    Raises:
        ProductError: PRODUCT_MISSING or PRODUCT_FORMAT, with what is wrong where; PRODUCT_LINT with
            the linter's errors, unless the product is a draft.
    """
    product = read_product(path)
    errors = [
        str(finding)
        for finding in lint(product, profiles or {})
        if finding.severity is Severity.ERROR
    ]
    if errors and product.state == "active":
        raise ProductError("PRODUCT_LINT", f"{_where(path)}: {'; '.join(errors)}")
    return product


def read_product(path: Path) -> Product:
    """Read one product, however it contradicts itself.

    Raises:
        ProductError: PRODUCT_MISSING or PRODUCT_FORMAT.
    """
    where, document = _where(path), _document(path, "PRODUCT")
    try:
        product = Product.model_validate(document)
    except KeyError as error:  # the route names an unknown operation
        raise ProductError("PRODUCT_FORMAT", f"{where}: {error}") from None
    except ValidationError as error:
        raise ProductError("PRODUCT_FORMAT", f"{where}: {faults(error)}") from None
    if where != f"{product.name}/v{product.version}.yaml":
        raise ProductError("PRODUCT_FORMAT", f"{where}: name and version must be the path's")
    return product


def load_profile(path: Path) -> Profile:
    """Read one profile; its name and version are those of its path.

    Raises:
        ProductError: PROFILE_MISSING or PROFILE_FORMAT, with what is wrong where.
    """
    where, document = _where(path), _document(path, "PROFILE")
    try:
        profile = Profile.model_validate(document)
    except ValidationError as error:
        raise ProductError("PROFILE_FORMAT", f"{where}: {faults(error)}") from None
    if where != f"{profile.reference}.yaml":
        raise ProductError("PROFILE_FORMAT", f"{where}: name and version must be the path's")
    return profile


def load_profiles(folder: Path) -> dict[str, Profile]:
    """Read all profiles of a catalogue, by name and version.

    Raises:
        ProductError: As ``load_profile``.
    """
    profiles = [load_profile(path) for path in sorted(folder.glob("profiles/*/v*.yaml"))]
    return {profile.reference: profile for profile in profiles}


def load_catalogue(folder: Path, issuer_keys: Path) -> Catalogue:
    """Read everything.

    Args:
        folder: The catalogue.
        issuer_keys: The folder with the issuers' public JWK Sets.

    Raises:
        ProductError: A product or a profile is not usable.
        cardwright.issuer.errors.RegistrationError: An issuer, or its keys, are not.
    """
    profiles = load_profiles(folder)
    products = [load_product(path, profiles) for path in sorted(folder.glob("products/*/v*.yaml"))]
    issuers = [load_registration(path) for path in sorted(folder.glob("issuers/*.yaml"))]
    return Catalogue(
        products={(product.name, product.version): product for product in products},
        issuers={issuer.name: issuer for issuer in issuers},
        issuer_keys={issuer.name: _reading_key(issuer, issuer_keys) for issuer in issuers},
        profiles=profiles,
    )


def _where(path: Path) -> str:
    return "/".join(path.parts[-2:])


def _document(path: Path, kind: str) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise ProductError(f"{kind}_MISSING", f"{_where(path)} can't be read") from None
    except yaml.YAMLError as error:
        raise ProductError(f"{kind}_FORMAT", f"{_where(path)}: {error}") from None


def _reading_key(issuer: IssuerRegistration, folder: Path) -> Jwk:
    """Return the issuer's newest public key for encryption."""
    keys = load_issuer_keys(issuer, folder)
    return [key.as_dict(private=False) for key in keys if key.get("use") == "enc"][-1]
