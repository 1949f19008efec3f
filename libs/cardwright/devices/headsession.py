"""A card inside one of the encoder's heads, from FEED to EJECT."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cardwright.devices.chipslot import ChipSlot
from cardwright.devices.floor import Passport
from cardwright.devices.ledger import Act
from cardwright.devices.wiredhead import WiredChip

__all__ = ["Session", "written"]


@dataclass(slots=True)
class Session:
    """One card's stay in a head.

    Attributes:
        faults: what this card will suffer.
        started: Unix time of FEED.
        stripe_writes: what was written, for the ledger at EJECT.
        one_command_at_a_time: several connections may speak of the same job.
        wired: the chip's face to a reader, in a head whose contacts lead there.
    """

    job_id: str
    card: str
    head: int
    passport: Passport
    slot: ChipSlot
    faults: frozenset[str]
    started: float = field(default_factory=time.time)
    stripe_writes: list[Act] = field(default_factory=list)
    one_command_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    wired: WiredChip | None = None

    def state(self) -> dict[str, Any]:
        """As JOB answers it."""
        return {
            "state": "in_head",
            "head": self.head,
            "blank": self.passport.blank,
            "personalised": self.slot.personalised,
            "chip": self.slot.serial,
            **written(self.stripe_writes),
        }

    def chip_session(self) -> list[Act]:
        """What the chip was told in this stay, if anything."""
        if not self.slot.commands:
            return []
        outcome = "personalised" if self.slot.personalised else "read"
        told = {"commands": self.slot.commands, "chip": self.slot.serial}
        return [self.act("chip_session", self.started, outcome, **told)]

    def act(self, act: str, started: float, result: str, **detail: Any) -> Act:
        """An act on this card that ends now."""
        blank = self.passport.blank
        return Act(self.job_id, self.card, blank, act, started, time.time(), result, detail)


def written(stripe_writes: Sequence[Act]) -> dict[str, Any]:
    """What JOB says of the stripe: whether it was written, and which tracks for certain."""
    tracks = {track for write in stripe_writes for track in write.detail.get("tracks", ())}
    return {"stripe": bool(stripe_writes), "tracks": sorted(tracks)}
