"""The encoding station's own settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["EncodingSettings"]


class EncodingSettings(FromEnvironment):
    """From CARDWRIGHT_CHIP and CARDWRIGHT_HEADS.

    Attributes:
        chip: "off" leaves chips blank, for measuring the line without them.
        heads: how many cards each encoder holds at once.
    """

    chip: Literal["on", "off"] = "on"
    heads: Annotated[int, Field(ge=1, le=64)] = 16
