"""The inspection station's own settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cardwright.settings import SettingsError

__all__ = ["InspectionSettings"]


class InspectionSettings(BaseModel):
    """From CARDWRIGHT_CHIP, CARDWRIGHT_RENDER and CARDWRIGHT_SEATS.

    Attributes:
        chip: "off" leaves the chip out: the line encodes none.
        render: "off" leaves the barcode out: the line prints blank faces.
        seats: how many cards each inspector looks at at once.
    """

    model_config = ConfigDict(frozen=True)

    chip: Literal["on", "off"] = "on"
    render: Literal["on", "off"] = "on"
    seats: Annotated[int, Field(ge=1, le=64)] = 4

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings.

        Raises:
            SettingsError: A variable does not hold what it should.
        """
        given = {
            name: environment[f"CARDWRIGHT_{name.upper()}"]
            for name in cls.model_fields
            if f"CARDWRIGHT_{name.upper()}" in environment
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = ", ".join(f"CARDWRIGHT_{item['loc'][0]}".upper() for item in error.errors())
            raise SettingsError(f"{wrong}: not usable; see services/qa/README.md") from None
