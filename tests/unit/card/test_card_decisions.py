from __future__ import annotations

from dataclasses import replace

import pytest

from cardwright.card import (
    Accept,
    Cancel,
    Card,
    Disposition,
    Duplicate,
    Fact,
    Operation,
    Order,
    Refuse,
    Status,
    Verb,
    apply,
    judge,
    next_step,
)
from cardwright.card import events as e

CARD = "0198a0de-0000-7000-8000-000000000001"
ROUTE = (
    Operation.DERIVE_KEYS,
    Operation.PRINT,
    Operation.ENCODE,
    Operation.INSPECT,
    Operation.PACK,
    Operation.DISPATCH,
)


def at(due: Operation, **changes: object) -> Card:
    made = Card(CARD, issuer="aurora-bank", route=ROUTE, due=due, turn=5, max_attempts=2)
    if due not in {Operation.PREPARE, Operation.DERIVE_KEYS, Operation.PRINT}:
        made = replace(made, blank_serial="b-1")
    return replace(made, **changes)  # type: ignore[arg-type]  # any field of a card


def answer(body: e.Body, actor: str, turn: int = 5) -> Fact:
    return Fact(f"{CARD}.{turn}", CARD, f"{CARD}.{turn}", actor, "site-1", body)


def command(verb: Verb, actor: str = "operator") -> Fact:
    return Fact("c-1", CARD, "", actor, "site-1", e.Command(verb))


def failed(disposition: Disposition, blank: str = "") -> e.OperationFailed:
    return e.OperationFailed("FAULT", "", disposition, blank)


def test_a_revoked_card_that_nobody_can_find_is_not_remade() -> None:
    lost = apply(
        at(Operation.ENCODE, revoking=True), answer(failed(Disposition.UNCERTAIN), "encoding")
    )
    assert lost.status is Status.QUARANTINED
    assert judge(lost, command(Verb.REMAKE)) == Refuse("COMMAND_NOT_NOW", parks=False)
    found = apply(lost, command(Verb.REVOKE))
    assert next_step(found) == Order(Operation.DESTROY)


def test_a_revoked_card_that_spoiled_an_unknown_blank_is_not_stuck() -> None:
    lost = apply(
        at(Operation.PRINT, revoking=True), answer(failed(Disposition.SPOILED), "printing")
    )
    assert lost.status is Status.QUARANTINED
    assert judge(lost, command(Verb.REVOKE)) == Accept()


def test_a_shredder_that_fails_is_not_asked_for_ever() -> None:
    fact = answer(failed(Disposition.SPOILED, "b-1"), "logistics")
    for revoking in (True, False):
        stopped = apply(at(Operation.DESTROY, revoking=revoking), fact)
        assert stopped.status is Status.QUARANTINED
        assert stopped.blank_serial == "b-1"
        assert next_step(stopped) is None


def test_waiving_an_exception_of_a_printed_card_destroys_it_first() -> None:
    card = apply(at(Operation.ENCODE), answer(failed(Disposition.REFUSED), "encoding"))
    assert judge(card, command(Verb.REFUSE)) == Refuse("COMMAND_NOT_NOW", parks=False)
    card = apply(card, command(Verb.WAIVE))
    assert next_step(card) == Order(Operation.DESTROY)
    card = apply(card, answer(e.Destroyed("b-1"), "logistics", card.turn))
    assert next_step(card) == Order(Operation.PREPARE)
    assert card.waived == ("FAULT",)
    assert card.attempt == 2


@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("due", [Operation.PREPARE, Operation.DERIVE_KEYS])
def test_what_fails_before_a_blank_is_an_exception(
    due: Operation, disposition: Disposition
) -> None:
    card = apply(at(due), answer(failed(disposition), "any"))
    assert card.status is Status.EXCEPTION
    assert next_step(apply(card, command(Verb.WAIVE))) == Order(Operation.PREPARE)


def test_a_remade_card_needs_a_permission_of_its_own() -> None:
    card = at(Operation.DISPATCH, permitted=True, sscc="s-1")
    card = apply(card, answer(failed(Disposition.SPOILED), "logistics"))
    card = apply(card, answer(e.Destroyed("b-1"), "logistics", card.turn))
    assert next_step(card) == Order(Operation.PRINT)
    assert not card.permitted
    assert not card.sscc


@pytest.mark.parametrize(
    "route",
    [
        (),
        (Operation.DISPATCH,),
        (Operation.PRINT, Operation.PACK),
        (Operation.PRINT, Operation.PRINT, Operation.DISPATCH),
        (Operation.PREPARE, Operation.PRINT, Operation.DISPATCH),
        (Operation.PRINT, Operation.DESTROY, Operation.DISPATCH),
    ],
)
def test_a_route_that_leads_nowhere_parks_the_card(route: tuple[Operation, ...]) -> None:
    verdict = judge(at(Operation.PREPARE), answer(e.Prepared(1, route, 2), "dataprep"))
    assert verdict == Refuse("FACT_ROUTE", parks=True)


@pytest.mark.parametrize(
    ("due", "actor", "body"),
    [
        (Operation.PRINT, "printing", e.Printed("")),
        (Operation.ENCODE, "encoding", e.Encoded("b-2")),
        (Operation.ENCODE, "encoding", failed(Disposition.SPOILED, "b-2")),
        (Operation.INSPECT, "qa", e.Inspected("b-2", passed=True)),
        (Operation.DESTROY, "logistics", e.Destroyed("b-2")),
    ],
)
def test_another_blank_parks_the_card(due: Operation, actor: str, body: e.Body) -> None:
    assert judge(at(due), answer(body, actor)) == Refuse("FACT_OTHER_BLANK", parks=True)


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        (command(Verb.RELEASE, "printing"), "FACT_FROM_WRONG_ACTOR"),
        (answer(e.LotIssued("l", "printer-1", 9), "printing"), "FACT_FROM_WRONG_ACTOR"),
        (answer(e.Encoded("b-1"), "printing"), "FACT_FROM_WRONG_STATION"),
        (answer(e.DispatchPermitted("s"), "logistics"), "FACT_IS_CUSTODYS"),
        (replace(answer(e.Encoded("b-1"), "encoding"), order_id=""), "FACT_WITHOUT_ORDER"),
    ],
)
def test_nobody_speaks_for_another(fact: Fact, code: str) -> None:
    assert judge(at(Operation.ENCODE), fact) == Refuse(code, parks=False)


def test_only_the_request_service_opens_a_stream() -> None:
    opening = e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 1)
    assert judge(None, Fact("f", CARD, "", "request", "site-1", opening)) == Accept()
    refused = judge(None, Fact("f", CARD, "", "printing", "site-1", opening))
    assert refused == Refuse("FACT_FROM_WRONG_ACTOR", parks=False)


def test_stock_is_counted_once() -> None:
    fact = Fact("f-1", CARD, "", "operator", "site-1", e.LotReceived("lot-1", "pvc", 500))
    assert judge(None, fact) == Accept()
    assert judge(apply(Card(CARD), fact), fact) == Duplicate()


def test_an_order_is_withdrawn_only_from_a_revoked_card_and_never_its_destruction() -> None:
    cancelled = answer(e.OperationCancelled(), "encoding")
    assert judge(at(Operation.ENCODE), cancelled) == Refuse("FACT_NOT_CANCELLED", parks=True)
    revoking = at(Operation.ENCODE, revoking=True)
    assert next_step(revoking) == Cancel(Operation.ENCODE)
    assert judge(revoking, cancelled) == Accept()
    destroying = at(Operation.DESTROY, revoking=True)
    fact = answer(e.OperationCancelled(), "logistics")
    assert judge(destroying, fact) == Refuse("FACT_NOT_CANCELLED", parks=True)


def test_no_permission_no_dispatch() -> None:
    fact = answer(e.Dispatched("s-1"), "logistics")
    assert judge(at(Operation.DISPATCH), fact) == Refuse("FACT_NOT_PERMITTED", parks=True)


@pytest.mark.parametrize("due", list(Operation))
def test_a_parked_card_can_be_released_and_revoked(due: Operation) -> None:
    parked = at(due, parked=True)
    assert next_step(parked) is None
    assert judge(parked, command(Verb.REVOKE)) == Accept()
    assert judge(parked, command(Verb.RELEASE)) == Accept()
    assert next_step(apply(parked, command(Verb.RELEASE))) is not None


@pytest.mark.parametrize("verb", [Verb.RELEASE, Verb.REVOKE])
def test_a_station_whose_answer_was_refused_is_asked_again_under_a_new_order(verb: Verb) -> None:
    # Its answer is acknowledged, so it will not be sent again.
    before = at(Operation.ENCODE)
    parked = apply(before, parking(before.order_id))
    after = apply(parked, command(verb))
    assert (after.due, after.turn) == (Operation.ENCODE, before.turn + 1)
    assert judge(after, answer(e.Encoded("b-1"), "encoding", turn=5)) == Duplicate()
    assert judge(after, answer(e.Encoded("b-1"), "encoding", turn=6)) == Accept()


@pytest.mark.parametrize("verb", [Verb.RELEASE, Verb.REVOKE])
def test_a_station_that_has_not_answered_keeps_its_order(verb: Verb) -> None:
    # It may be in the midst of the act: another order would reach another machine.
    before = at(Operation.PRINT)
    after = apply(apply(before, parking("what another station said")), command(verb))
    assert (after.due, after.turn) == (Operation.PRINT, before.turn)
    assert judge(after, answer(e.Printed("b-1"), "printing")) == Accept()


def parking(fact_id: str) -> Fact:
    return Fact("p-1", CARD, "", "custody", "site-1", e.Parked(fact_id, "FACT_OUT_OF_PLACE"))
