"""The card's life cycle (GlobalPlatform Card Specification 2.3.1, 5.1)."""

from __future__ import annotations

from enum import IntEnum

from cardwright.chip.apdu import Refusal, Status

__all__ = ["CardState", "transition"]


class CardState(IntEnum):
    """Where the card is in its life (table 11-6)."""

    OP_READY = 0x01
    INITIALIZED = 0x07
    SECURED = 0x0F
    CARD_LOCKED = 0x7F
    TERMINATED = 0xFF


_NEXT = {
    CardState.OP_READY: {CardState.INITIALIZED, CardState.TERMINATED},
    CardState.INITIALIZED: {CardState.SECURED, CardState.TERMINATED},
    CardState.SECURED: {CardState.CARD_LOCKED, CardState.TERMINATED},
    CardState.CARD_LOCKED: {CardState.SECURED, CardState.TERMINATED},
    CardState.TERMINATED: set(),
}


def transition(now: CardState, wanted: int) -> CardState:
    """The next state; 6A86 for what is no state, 6985 for one that does not follow (figure 5-1)."""
    try:
        state = CardState(wanted)
    except ValueError:
        raise Refusal(Status.WRONG_P1_P2) from None
    if state not in _NEXT[now]:
        raise Refusal(Status.NOT_NOW)
    return state
