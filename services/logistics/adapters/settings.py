"""Settings of the logistics service beyond those that all services share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["LogisticsSettings"]


class LogisticsSettings(FromEnvironment):
    """CARDWRIGHT_SSCC_PREFIX, _SSCC_EXTENSION, _BOX_CAPACITY and _EXPRESS_BOX_CAPACITY.

    GS1 sets company prefixes that begin with 952 aside for demonstrations.
    """

    sscc_prefix: Annotated[str, Field(pattern=r"^[0-9]{7,10}$")] = "9521234"
    sscc_extension: Annotated[int, Field(ge=0, le=9)] = 0
    box_capacity: Annotated[int, Field(ge=1, le=10_000)] = 50
    express_box_capacity: Annotated[int, Field(ge=1, le=10_000)] = 1
