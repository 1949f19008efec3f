"""Settings of the logistics service beyond those that all services share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from cardwright.settings import Settings

__all__ = ["LogisticsSettings"]


class LogisticsSettings(Settings):
    """CARDWRIGHT_SSCC_PREFIX, _SSCC_EXTENSION, _BOX_CAPACITY and _EXPRESS_BOX_CAPACITY.

    GS1 sets company prefixes that begin with 952 aside for demonstrations.
    """

    sscc_prefix: Annotated[str, Field(pattern=r"^[0-9]{7,10}$")] = "9521234"
    sscc_extension: Annotated[int, Field(ge=0, le=9)] = 0
    box_capacity: Annotated[int, Field(ge=1, le=10_000)] = 50
    express_box_capacity: Annotated[int, Field(ge=1, le=10_000)] = 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; see ``Settings.from_environment``."""
        settings = super().from_environment(environment)
        assert isinstance(settings, cls)
        return settings
