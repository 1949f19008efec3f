"""The inspection station's own settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["InspectionSettings"]


class InspectionSettings(FromEnvironment):
    """From CARDWRIGHT_CHIP, CARDWRIGHT_RENDER, CARDWRIGHT_SEATS and CARDWRIGHT_CAPK.

    Attributes:
        chip: "off" leaves the chip out: the line encodes none.
        render: "off" leaves the barcode out: the line prints blank faces.
        seats: how many cards each inspector looks at at once.
        capk: the file of the payment systems' public keys; ``keys/capk.json`` in the state folder
            if it is not given.
    """

    chip: Literal["on", "off"] = "on"
    render: Literal["on", "off"] = "on"
    seats: Annotated[int, Field(ge=1, le=64)] = 16
    capk: Path | None = None
