"""Whether a fact may enter a card's log: accept, drop as a duplicate, or refuse with a code."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.card import events as e
from cardwright.card.events import Operation, Verb
from cardwright.card.route import STATION_OF
from cardwright.card.state import Card, Status

__all__ = ["Accept", "Duplicate", "Refuse", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Accept:
    """Append it."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The log has it: acknowledge it and do nothing."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """It does not fit. ``parks`` says whether the card must wait for an operator."""

    code: str
    parks: bool


Verdict = Accept | Duplicate | Refuse

_ANSWERS: dict[type[object], tuple[Operation, ...]] = {
    e.Prepared: (Operation.PREPARE,),
    e.PreparationRefused: (Operation.PREPARE,),
    e.ExceptionOpened: (Operation.PREPARE,),
    e.KeysDerived: (Operation.DERIVE_KEYS,),
    e.Printed: (Operation.PRINT,),
    e.Encoded: (Operation.ENCODE,),
    e.Inspected: (Operation.INSPECT,),
    e.Packed: (Operation.PACK,),
    e.Dispatched: (Operation.DISPATCH,),
    e.Destroyed: (Operation.DESTROY,),
    e.PinMailed: (Operation.MAIL_PIN,),
    e.OperationFailed: tuple(Operation),
    e.OperationCancelled: tuple(Operation),
}

_SAYERS: dict[type[object], tuple[str, ...]] = {
    e.RequestAccepted: ("request",),
    e.RequestRefused: ("request",),
    e.LotReceived: ("operator", "logistics"),
    e.LotIssued: ("operator", "logistics"),
    e.Command: ("operator", "request"),
    e.Erased: ("retention",),
    e.KeyChanged: ("keymanagement",),
}
_OTHER_STREAMS = e.LotReceived | e.LotIssued | e.KeyChanged


def judge(card: Card | None, fact: e.Fact) -> Verdict:
    """Judge ``fact`` against the state; ``card`` is None for a stream without events."""
    body = fact.body
    if fact.actor not in _SAYERS.get(type(body), (fact.actor,)):
        return Refuse("FACT_FROM_WRONG_ACTOR", parks=False)
    if isinstance(body, e.RequestAccepted | e.RequestRefused):
        return Accept() if card is None else Duplicate()
    if isinstance(body, _OTHER_STREAMS):
        return Duplicate() if card is not None and fact.fact_id in card.unasked else Accept()
    if card is None:
        return Refuse("STREAM_UNKNOWN", parks=False)
    if isinstance(body, e.Command):
        return _judge_command(card, fact.fact_id, body)
    if isinstance(body, e.Erased):
        return _judge_erasure(card, fact.fact_id)
    if isinstance(body, e.DispatchPermitted | e.Parked):
        return Refuse("FACT_IS_CUSTODYS", parks=False)
    return _judge_answer(card, fact)


def _judge_answer(card: Card, fact: e.Fact) -> Verdict:
    turn = _turn(fact)
    if turn is None:
        return Refuse("FACT_WITHOUT_ORDER", parks=False)
    if turn < card.turn or (turn == card.turn and card.due is None):
        return Duplicate()
    if turn > card.turn:
        return Refuse("FACT_AHEAD_OF_LOG", parks=not card.status.terminal)
    if card.due not in _ANSWERS[type(fact.body)]:
        return Refuse("FACT_OUT_OF_PLACE", parks=True)
    if fact.actor != STATION_OF[card.due]:
        return Refuse("FACT_FROM_WRONG_STATION", parks=False)
    withdrawn = card.revoking and card.due is not Operation.DESTROY
    if isinstance(fact.body, e.OperationCancelled) and not withdrawn:
        return Refuse("FACT_NOT_CANCELLED", parks=True)
    if isinstance(fact.body, e.Prepared) and not _leads_out(fact.body.route):
        return Refuse("FACT_ROUTE", parks=True)
    if not _same_blank(card, fact.body):
        return Refuse("FACT_OTHER_BLANK", parks=True)
    if isinstance(fact.body, e.Dispatched) and not card.permitted:
        return Refuse("FACT_NOT_PERMITTED", parks=True)
    return Accept()


def _judge_erasure(card: Card, fact_id: str) -> Verdict:
    """Take the word for it: what is destroyed is destroyed, whatever the state says."""
    return Duplicate() if fact_id in card.unasked else Accept()


def _turn(fact: e.Fact) -> int | None:
    card_id, _, turn = fact.order_id.rpartition(".")
    return int(turn) if card_id == fact.stream_id and turn.isdecimal() else None


def _same_blank(card: Card, body: e.Body) -> bool:
    if isinstance(body, e.Encoded | e.Inspected | e.Destroyed):
        return body.blank_serial == card.blank_serial
    if isinstance(body, e.OperationFailed):
        return not body.blank_serial or card.blank_serial in ("", body.blank_serial)
    return not isinstance(body, e.Printed) or body.blank_serial != ""


def _leads_out(route: tuple[Operation, ...]) -> bool:
    """Say whether a card can go this way: each stop once, a blank taken, and out at the end."""
    return (
        len(set(route)) == len(route)
        and Operation.PRINT in route
        and route[-1] in (Operation.DISPATCH, Operation.MAIL_PIN)
        and Operation.DISPATCH in route[-2:]
        and not {Operation.PREPARE, Operation.DESTROY} & set(route)
    )


def _judge_command(card: Card, fact_id: str, command: e.Command) -> Verdict:
    if fact_id in card.unasked:
        return Duplicate()
    if command.verb is Verb.ERASE:
        return Accept() if card.status.terminal else Refuse("COMMAND_NOT_NOW", parks=False)
    allowed = (
        not card.status.terminal
        and {
            Verb.HOLD: not card.held and not card.revoking,
            Verb.RELEASE: card.held or card.parked,
            Verb.REVOKE: not card.revoking or card.quarantined,
            Verb.WAIVE: card.status is Status.EXCEPTION,
            Verb.REFUSE: card.status is Status.EXCEPTION and not card.blank_serial,
            Verb.REMAKE: card.status is Status.QUARANTINED and not card.revoking,
        }[command.verb]
    )
    return Accept() if allowed else Refuse("COMMAND_NOT_NOW", parks=False)
