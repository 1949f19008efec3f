"""EMV Book 3, 10.4: whether the application may be used for this, here and today."""

from __future__ import annotations

from cardwright.terminal.flags import Auc, Tvr
from cardwright.terminal.profile import TransactionType
from cardwright.terminal.reading import parse_date
from cardwright.terminal.session import Session

__all__ = ["restrict"]

_DOMESTIC: dict[int, Auc] = {
    TransactionType.CASH: Auc.DOMESTIC_CASH,
    TransactionType.GOODS_AND_SERVICES: Auc.DOMESTIC_GOODS | Auc.DOMESTIC_SERVICES,
    TransactionType.CASHBACK: Auc.DOMESTIC_CASHBACK,
}
_INTERNATIONAL: dict[int, Auc] = {
    TransactionType.CASH: Auc.INTERNATIONAL_CASH,
    TransactionType.GOODS_AND_SERVICES: Auc.INTERNATIONAL_GOODS | Auc.INTERNATIONAL_SERVICES,
    TransactionType.CASHBACK: Auc.INTERNATIONAL_CASHBACK,
}


def restrict(session: Session) -> None:
    """Set the TVR's bits for version, usage control and dates."""
    session.tvr |= _version(session) | _usage(session) | _dates(session)


def _version(session: Session) -> Tvr:
    """Compare application versions; a card without one is taken to match."""
    ours = session.terminal[0x9F09]
    return Tvr(0) if session.card.get(0x9F08, ours) == ours else Tvr.DIFFERENT_VERSIONS


def _usage(session: Session) -> Tvr:
    if 0x9F07 not in session.card:
        return Tvr(0)
    allowed = Auc(int.from_bytes(session.card[0x9F07], "big"))
    country = session.card.get(0x5F28)
    wanted = [Auc.AT_ATM if session.profile.atm else Auc.NOT_AT_ATM]
    if country is not None:
        services = _DOMESTIC if country == session.terminal[0x9F1A] else _INTERNATIONAL
        if session.request.type in services:
            wanted.append(services[session.request.type])
    return Tvr(0) if all(allowed & bits for bits in wanted) else Tvr.SERVICE_NOT_ALLOWED


def _dates(session: Session) -> Tvr:
    today = session.request.at.date()
    effective, expiry = (parse_date(session.card.get(tag, b"")) for tag in (0x5F25, 0x5F24))
    early = Tvr.NOT_YET_EFFECTIVE if effective is not None and today < effective else Tvr(0)
    late = Tvr.EXPIRED if expiry is not None and today > expiry else Tvr(0)
    return early | late
