"""Reading a design's folder: ``design.yaml`` and the images it names, checked and digested."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from cardwright.artwork.areas import check_areas
from cardwright.artwork.artwork import decode_picture
from cardwright.artwork.errors import DesignLoadError
from cardwright.artwork.model import Design, DesignSpec, ImageLayer
from cardwright.artwork.photo import UNDECODABLE

__all__ = ["folder_digest", "load_design"]

DESIGN_FILE: Final = "design.yaml"


def load_design(folder: Path) -> Design:
    """Load and check the design in a folder.

    Raises:
        DesignLoadError: DESIGN_NOT_FOUND or DESIGN_INVALID.
        DesignAreaError: DESIGN_SAFE_AREA or DESIGN_KEEP_OUT.
    """
    files = _files(folder)
    if DESIGN_FILE not in files:
        raise DesignLoadError("DESIGN_NOT_FOUND", f"{folder} has no {DESIGN_FILE}")
    spec = _parse(files[DESIGN_FILE])
    check_areas(spec)
    assets = {name: octets for name, octets in files.items() if name != DESIGN_FILE}
    for layer in spec.front + spec.back:
        if isinstance(layer, ImageLayer):
            _check_asset(layer.asset, assets)
    return Design(spec, folder_digest(files), assets)


def folder_digest(files: dict[str, bytes]) -> str:
    """Digest a folder's files: SHA-256 in hex over name and content of each, sorted by name.

    Each part is preceded by its length in 8 octets, so no two folders share an input.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _files(folder: Path) -> dict[str, bytes]:
    try:
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    except OSError as error:
        raise DesignLoadError("DESIGN_NOT_FOUND", f"{folder} can't be read") from error


def _check_asset(name: str, assets: dict[str, bytes]) -> None:
    if name not in assets:
        raise DesignLoadError("DESIGN_INVALID", f"the asset {name} is not in the design's folder")
    try:
        decode_picture(assets[name])
    except UNDECODABLE as error:
        raise DesignLoadError("DESIGN_INVALID", f"the asset {name} is no PNG or JPEG") from error


def _parse(octets: bytes) -> DesignSpec:
    try:
        return DesignSpec.model_validate(yaml.safe_load(octets))
    except yaml.YAMLError as error:
        raise DesignLoadError("DESIGN_INVALID", f"{DESIGN_FILE} is no YAML: {error}") from error
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        )
        raise DesignLoadError("DESIGN_INVALID", f"{DESIGN_FILE}: {places}") from error
