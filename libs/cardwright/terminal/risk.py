"""EMV Book 3, 10.6: terminal risk management."""

from __future__ import annotations

from cardwright.terminal.flags import Aip, Tsi, Tvr
from cardwright.terminal.profile import RandomSelection
from cardwright.terminal.reading import account_number
from cardwright.terminal.session import Session

__all__ = ["manage_risk", "target_percentage"]


def manage_risk(session: Session) -> None:
    """Look at exception file, floor limit, chance and velocity.

    Exception file and the merchant's wish count always, the rest where the AIP asks for it.

    Raises:
        CardLinkError: the card does not answer.
    """
    if session.request.forced_online:
        session.tvr |= Tvr.FORCED_ONLINE
    pan = account_number(session.card[0x5A])
    if any(entry.reveal() == pan for entry in session.profile.exception_file):
        session.tvr |= Tvr.ON_EXCEPTION_FILE
        session.findings.append("ON_EXCEPTION_FILE")
    if session.aip & Aip.TERMINAL_RISK_MANAGEMENT:
        session.tvr |= _amount(session) | _velocity(session)
        session.tsi |= Tsi.TERMINAL_RISK_MANAGEMENT


def target_percentage(selection: RandomSelection, amount: int, floor_limit: int) -> int:
    """Return the percentage of transactions of that amount to go on line (Book 3, 10.6.2)."""
    if amount < selection.threshold:
        return selection.target
    rise = (selection.maximum - selection.target) * (amount - selection.threshold)
    return selection.target + rise // (floor_limit - selection.threshold)


def _amount(session: Session) -> Tvr:
    """Compare with the floor limit, and below it draw a number from 1 to 99."""
    profile, amount = session.profile, session.request.amount
    if amount + session.request.earlier >= profile.floor_limit:
        return Tvr.FLOOR_LIMIT_EXCEEDED
    selection = profile.random_selection
    if not selection.maximum or selection.threshold >= profile.floor_limit:
        return Tvr(0)
    drawn = int.from_bytes(session.random(8), "big") % 99 + 1
    chosen = drawn <= target_percentage(selection, amount, profile.floor_limit)
    return Tvr.RANDOMLY_SELECTED if chosen else Tvr(0)


def _velocity(session: Session) -> Tvr:
    """Compare the counters with the card's limits for transactions in a row off line (10.6.3)."""
    limits = [session.card.get(tag) for tag in (0x9F14, 0x9F23)]
    if None in limits:
        return Tvr(0)
    lower, upper = (limit[0] for limit in limits if limit is not None)
    counter, last_online = (session.channel.get_data(tag) for tag in (0x9F36, 0x9F13))
    new = Tvr.NEW_CARD if last_online == b"\0\0" else Tvr(0)
    offline = (
        -1
        if counter is None or last_online is None
        else int.from_bytes(counter, "big") - int.from_bytes(last_online, "big")
    )
    if offline <= 0:
        return new | Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED | Tvr.UPPER_OFFLINE_LIMIT_EXCEEDED
    return (
        new
        | (Tvr.LOWER_OFFLINE_LIMIT_EXCEEDED if offline > lower else Tvr(0))
        | (Tvr.UPPER_OFFLINE_LIMIT_EXCEEDED if offline > upper else Tvr(0))
    )
