"""The stripe of a card in an encoder's head, as a swipe encoder there finds and leaves it."""

from __future__ import annotations

import random
import time

from cardwright.devices.floor import STRIPE, Floor
from cardwright.devices.headsession import Session
from cardwright.devices.stripe import Track, drop_a_bit, read_stripe, to_file

__all__ = ["SwipedCard"]


class SwipedCard:
    """One pass over the head; what is written is on the floor at once, and in the ledger later."""

    def __init__(self, floor: Floor, session: Session, luck: random.Random) -> None:
        self._floor, self._session, self._luck = floor, session, luck
        self.coercivity = str(session.passport.stripe)

    def read(self) -> dict[int, Track]:
        """The tracks as they are."""
        return read_stripe(self._floor.read(self._session.card, STRIPE))

    def write(self, tracks: dict[int, Track]) -> None:
        """Put tracks in the place of what was there."""
        begun, made = time.time(), dict(tracks)
        if "stripe_weak" in self._session.faults and 2 in made:
            made[2] = drop_a_bit(made[2], self._luck)
        stripe = to_file(self.coercivity, {**self.read(), **made})
        self._floor.write(self._session.card, STRIPE, stripe)
        act = self._session.act("stripe_write", begun, "done", tracks=sorted(made))
        self._session.stripe_writes.append(act)
