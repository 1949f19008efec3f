"""EMV Book 3, 10.7 and Book 4, 6.3.6: what the terminal asks the card to do."""

from __future__ import annotations

from enum import IntEnum

from cardwright.terminal.flags import Tvr
from cardwright.terminal.session import Session

__all__ = ["Decision", "decide", "decide_unable"]


class Decision(IntEnum):
    """A kind of application cryptogram, as P1 and cryptogram information have it (bits 8, 7)."""

    DECLINE = 0x00
    APPROVE = 0x40
    GO_ONLINE = 0x80


def decide(session: Session) -> Decision:
    """Compare the TVR with the action codes before the first cryptogram."""
    profile = session.profile
    if _matches(session, 0x9F0E, profile.tac_denial, absent=bytes(5)):
        return Decision.DECLINE
    if profile.offline_only:
        return _default(session)
    if profile.online_only or _matches(session, 0x9F0F, profile.tac_online):
        return Decision.GO_ONLINE
    return Decision.APPROVE


def decide_unable(session: Session) -> Decision:
    """Do so again when the issuer can't be asked; what must go on line is declined."""
    return Decision.DECLINE if session.profile.online_only else _default(session)


def _default(session: Session) -> Decision:
    declines = _matches(session, 0x9F0D, session.profile.tac_default)
    return Decision.DECLINE if declines else Decision.APPROVE


def _matches(session: Session, tag: int, ours: bytes, absent: bytes = b"\xff" * 5) -> bool:
    """Whether the TVR has a bit of the card's or the terminal's action code.

    A card without a code for denial has zeros, without another one ones (Book 3, 10.7).
    """
    theirs = session.card.get(tag, absent)
    code = int.from_bytes(theirs, "big") | int.from_bytes(ours, "big")
    return bool(session.tvr & Tvr(code))
