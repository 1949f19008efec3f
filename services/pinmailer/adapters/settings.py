"""Settings of the PIN mailer station beyond those that all services share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cardwright.settings import FromEnvironment

__all__ = ["PinMailerSettings"]


class PinMailerSettings(FromEnvironment):
    """From CARDWRIGHT_PIN_DELAY and CARDWRIGHT_MAILER_DEPTH.

    Attributes:
        pin_delay: seconds from a card's dispatch to the printing of its mailer, at least: so that
            one theft from the post does not get both.
        mailer_depth: jobs that are open at a printer at once; no more than its queue holds.
    """

    pin_delay: Annotated[float, Field(ge=0)] = 86400.0
    mailer_depth: Annotated[int, Field(ge=1, le=256)] = 8
