"""The encoding station's own settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["EncodingSettings"]


class EncodingSettings(FromEnvironment):
    """From CARDWRIGHT_CHIP, CARDWRIGHT_CHIP_ATTEMPTS, CARDWRIGHT_HEADS and others.

    Attributes:
        chip: "off" leaves chips blank, for measuring the line without them.
        chip_attempts: sessions with one chip that may end badly before a person must look at it.
        heads: how many cards each encoder holds at once.
        head_failures: failures in a row that take a head out of work.
        readers: heads whose contacts lead to card readers; see ``parse_readers``.
        stripes: heads whose stripes a swipe encoder writes; see ``parse_stripes``.
    """

    chip: Literal["on", "off"] = "on"
    chip_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    heads: Annotated[int, Field(ge=1, le=64)] = 16
    head_failures: Annotated[int, Field(ge=1, le=100)] = 3
    readers: str = ""
    stripes: str = ""
