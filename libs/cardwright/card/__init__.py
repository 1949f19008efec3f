"""The card: its events, their fold, its route and the next step. Pure; the heart of the house."""

from cardwright.card.decide import Accept, Duplicate, Refuse, Verdict, judge
from cardwright.card.events import Body, Disposition, Fact, Operation, Verb, kind_of
from cardwright.card.route import STATION_OF, Cancel, Order, Permit, Step, next_step
from cardwright.card.state import Card, Status, apply, fold

__all__ = [
    "STATION_OF",
    "Accept",
    "Body",
    "Cancel",
    "Card",
    "Disposition",
    "Duplicate",
    "Fact",
    "Operation",
    "Order",
    "Permit",
    "Refuse",
    "Status",
    "Step",
    "Verb",
    "Verdict",
    "apply",
    "fold",
    "judge",
    "kind_of",
    "next_step",
]
