"""The encoding station's own settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cardwright.settings import SettingsError

__all__ = ["EncodingSettings"]


class EncodingSettings(BaseModel):
    """From CARDWRIGHT_CHIP and CARDWRIGHT_HEADS.

    Attributes:
        chip: "off" leaves chips blank, for measuring the line without them.
        heads: how many cards each encoder holds at once.
    """

    model_config = ConfigDict(frozen=True)

    chip: Literal["on", "off"] = "on"
    heads: Annotated[int, Field(ge=1, le=64)] = 4

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
            raise SettingsError(f"{wrong}: not usable; see services/encoding/README.md") from None
