"""Settings of the printing service beyond those that all services share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field

from cardwright.settings import Settings

__all__ = ["PrintingSettings"]


class PrintingSettings(Settings):
    """CARDWRIGHT_RENDER, CARDWRIGHT_RENDER_WORKERS and CARDWRIGHT_PRINTER_DEPTH."""

    render: Literal["on", "off"] = Field(
        "on", description="off: cards pass the printer blank, for benchmarks of the rest"
    )
    render_workers: Annotated[int, Field(ge=1, le=256)] = Field(
        default_factory=lambda: os.cpu_count() or 1, description="processes that render faces"
    )
    printer_depth: Annotated[int, Field(ge=1, le=256)] = Field(
        8, description="jobs that are open at a printer at once; no more than its queue holds"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; see ``Settings.from_environment``."""
        settings = super().from_environment(environment)
        assert isinstance(settings, cls)
        return settings
