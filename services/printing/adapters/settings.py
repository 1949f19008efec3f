"""Settings of the printing service beyond those that all services share."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["PrintingSettings"]


class PrintingSettings(FromEnvironment):
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
