"""What the issuer is told about an event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from cardwright.card import Card, Fact, Operation, Status
from cardwright.card import events as e

__all__ = ["Outcome", "OutcomeKind", "outcome_of"]


class OutcomeKind(IntEnum):
    """The values are those of outcome.proto."""

    ACCEPTED = 1
    REFUSED = 2
    PREPARED = 3
    EXCEPTION = 4
    PRODUCED = 5
    DISPATCHED = 6
    REMADE = 7
    REVOKED = 8
    QUARANTINED = 9
    PIN_MAILED = 10
    ERASED = 11


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, and why."""

    kind: OutcomeKind
    code: str = ""
    detail: str = ""


def outcome_of(card: Card, fact: Fact) -> Outcome | None:
    """Return what the issuer learns from ``fact``, ``card`` being the state after it."""
    if isinstance(fact.body, e.Erased):
        return Outcome(OutcomeKind.ERASED)
    if card.status is Status.REVOKED:
        return Outcome(OutcomeKind.REVOKED)
    match fact.body:
        case e.RequestRefused(code=code, detail=detail):
            return Outcome(OutcomeKind.REFUSED, code, detail)
        case e.PreparationRefused(code=code, detail=detail):
            return Outcome(OutcomeKind.REFUSED, code, detail)
        case e.ExceptionOpened(code=code, detail=detail):
            return Outcome(OutcomeKind.EXCEPTION, code, detail)
        case e.Inspected(passed=False, defects=defects):
            return _spoiled(card, defects[0] if defects else "")
        case e.OperationFailed(code=code, detail=detail):
            return _failed(card, code, detail)
        case e.Command(verb=e.Verb.REFUSE):
            return Outcome(OutcomeKind.REFUSED, card.code, "an operator refused the exception")
        case body:
            kind = _PLAIN.get(type(body))
            return Outcome(kind) if kind else None


_PLAIN: dict[type[object], OutcomeKind] = {
    e.RequestAccepted: OutcomeKind.ACCEPTED,
    e.Prepared: OutcomeKind.PREPARED,
    e.Inspected: OutcomeKind.PRODUCED,
    e.Dispatched: OutcomeKind.DISPATCHED,
    e.PinMailed: OutcomeKind.PIN_MAILED,
}


def _failed(card: Card, code: str, detail: str) -> Outcome | None:
    if card.status is Status.EXCEPTION:
        return Outcome(OutcomeKind.EXCEPTION, code, detail)
    return _spoiled(card, code)


def _spoiled(card: Card, code: str) -> Outcome | None:
    if card.status is Status.QUARANTINED:
        return Outcome(OutcomeKind.QUARANTINED, code)
    if card.due is Operation.DESTROY and not card.revoking:
        return Outcome(OutcomeKind.REMADE, code)
    return None
