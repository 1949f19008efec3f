from __future__ import annotations

import pytest

from cardwright.card import Body, Card, Disposition, Fact, Operation, Status, Verb
from cardwright.card import events as e
from cardwright.proto.outcome.v1 import outcome_pb2
from services.custody.domain.outcomes import Outcome, OutcomeKind, outcome_of

MADE = Card("c", due=Operation.ENCODE)
ENDED = Card("c", end=Status.REVOKED)
REMADE = Card("c", due=Operation.DESTROY)
WITHDRAWN = Card("c", due=Operation.DESTROY, revoking=True)
LOST = Card("c", quarantined=True)
OPEN = Card("c", exception=True, code="ODD")
FAILED = e.OperationFailed("JAM", "jammed", Disposition.SPOILED)
DEFECT = e.Inspected("b", passed=False, defects=("SCRATCH", "DENT"))


@pytest.mark.parametrize(
    ("card", "body", "outcome"),
    [
        (MADE, e.RequestAccepted("i", "r", "p", 1), Outcome(OutcomeKind.ACCEPTED)),
        (MADE, e.RequestRefused("i", "r", "p", "NO", "d"), Outcome(OutcomeKind.REFUSED, "NO", "d")),
        (MADE, e.Prepared(1, (), 1), Outcome(OutcomeKind.PREPARED)),
        (MADE, e.PreparationRefused("NO", "d"), Outcome(OutcomeKind.REFUSED, "NO", "d")),
        (OPEN, e.ExceptionOpened("ODD", "d"), Outcome(OutcomeKind.EXCEPTION, "ODD", "d")),
        (OPEN, FAILED, Outcome(OutcomeKind.EXCEPTION, "JAM", "jammed")),
        (MADE, e.Inspected("b", passed=True), Outcome(OutcomeKind.PRODUCED)),
        (REMADE, DEFECT, Outcome(OutcomeKind.REMADE, "SCRATCH")),
        (LOST, DEFECT, Outcome(OutcomeKind.QUARANTINED, "SCRATCH")),
        (REMADE, FAILED, Outcome(OutcomeKind.REMADE, "JAM")),
        (LOST, FAILED, Outcome(OutcomeKind.QUARANTINED, "JAM")),
        (WITHDRAWN, FAILED, None),
        (WITHDRAWN, DEFECT, None),
        (MADE, e.Dispatched("s"), Outcome(OutcomeKind.DISPATCHED)),
        (MADE, e.PinMailed("f-1"), Outcome(OutcomeKind.PIN_MAILED)),
        (ENDED, e.Erased(("print",), "request"), Outcome(OutcomeKind.ERASED)),
        (ENDED, e.Destroyed("b"), Outcome(OutcomeKind.REVOKED)),
        (ENDED, e.Command(Verb.REVOKE), Outcome(OutcomeKind.REVOKED)),
        (ENDED, e.OperationCancelled(), Outcome(OutcomeKind.REVOKED)),
        (
            Card("c", end=Status.REFUSED, code="ODD"),
            e.Command(Verb.REFUSE),
            Outcome(OutcomeKind.REFUSED, "ODD", "an operator refused the exception"),
        ),
        (MADE, e.Command(Verb.HOLD), None),
        (MADE, e.Printed("b"), None),
        (MADE, e.Packed("s"), None),
        (MADE, e.Parked("f", "NO"), None),
        (MADE, e.DispatchPermitted("s"), None),
    ],
)
def test_what_the_issuer_learns(card: Card, body: Body, outcome: Outcome | None) -> None:
    assert outcome_of(card, Fact("f", "c", "", "any", "site-1", body)) == outcome


def test_the_kinds_are_those_of_the_proto() -> None:
    theirs = {name.removeprefix("OUTCOME_KIND_"): n for name, n in outcome_pb2.OutcomeKind.items()}
    del theirs["UNSPECIFIED"]
    assert {kind.name: kind.value for kind in OutcomeKind} == theirs
