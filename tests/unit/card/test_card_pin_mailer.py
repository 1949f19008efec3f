"""A card that has left, and its PIN that has not."""

from __future__ import annotations

import pytest

from cardwright.card import (
    Accept,
    Cancel,
    Card,
    Disposition,
    Operation,
    Order,
    Status,
    Verb,
    apply,
    fold,
    judge,
    next_step,
)
from cardwright.card import events as e

CARD = "0198a0de-0000-7000-8000-000000000001"
ROUTE = (Operation.PRINT, Operation.PACK, Operation.DISPATCH, Operation.MAIL_PIN)
JAM = e.OperationFailed("MAILER_JAM", "", Disposition.SPOILED, device="m", form_serial="f-1")
LOST = e.OperationFailed("MAILER_INTERRUPTED", "", Disposition.UNCERTAIN, form_serial="f-1")


def gone(max_attempts: int = 2) -> Card:
    bodies: list[tuple[str, e.Body]] = [
        ("request", e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 1)),
        ("dataprep", e.Prepared(2, ROUTE, max_attempts)),
        ("printing", e.Printed("b-1")),
        ("logistics", e.Packed("sscc")),
        ("custody", e.DispatchPermitted("sscc")),
        ("logistics", e.Dispatched("sscc")),
    ]
    facts = [e.Fact(f"f{n}", CARD, "", who, "site-1", body) for n, (who, body) in enumerate(bodies)]
    return fold(CARD, facts)


def say(card: Card, body: e.Body, actor: str = "pinmailer") -> Card:
    order = "" if isinstance(body, e.Command) else card.order_id
    fact = e.Fact(order or f"c-{body}", CARD, order, actor, "site-1", body)
    assert judge(card, fact) == Accept()
    return apply(card, fact)


def command(card: Card, verb: Verb) -> Card:
    return say(card, e.Command(verb), "operator")


def test_the_mailer_follows_the_card_and_ends_it() -> None:
    card = gone()
    assert next_step(card) == Order(Operation.MAIL_PIN)
    ended = say(card, e.PinMailed("f-1", "m"))
    assert (ended.status, next_step(ended)) == (Status.DISPATCHED, None)


def test_only_its_own_station_may_say_so() -> None:
    card = gone()
    for actor in ("printing", "encoding", "logistics", "qa"):
        fact = e.Fact(card.order_id, CARD, card.order_id, actor, "site-1", e.PinMailed("f-1"))
        assert judge(card, fact) != Accept()


def test_a_shredded_form_is_replaced_and_no_card_is_destroyed() -> None:
    again = say(gone(), JAM)
    assert next_step(again) == Order(Operation.MAIL_PIN)
    assert (again.attempt, again.blank_serial) == (2, "")
    assert say(again, e.PinMailed("f-2")).status is Status.DISPATCHED


def test_forms_are_not_shredded_without_end() -> None:
    card = say(say(gone(), JAM), JAM)
    assert (card.status, card.code) == (Status.QUARANTINED, "MAILER_JAM")
    assert next_step(command(card, Verb.REMAKE)) == Order(Operation.MAIL_PIN)


def test_a_form_that_may_have_dropped_is_for_a_person() -> None:
    card = say(gone(), LOST)
    assert (card.status, next_step(card)) == (Status.QUARANTINED, None)
    again = command(card, Verb.REMAKE)
    assert (next_step(again), again.attempt) == (Order(Operation.MAIL_PIN), 2)
    assert command(card, Verb.REVOKE).status is Status.DISPATCHED, "it was found: no other is made"


@pytest.mark.parametrize("answer", [e.OperationCancelled(), JAM, e.PinMailed("f-1")])
def test_a_revoke_withdraws_the_mailer_and_the_card_stays_gone(answer: e.Body) -> None:
    revoking = command(gone(), Verb.REVOKE)
    assert next_step(revoking) == Cancel(Operation.MAIL_PIN)
    assert say(revoking, answer).status is Status.DISPATCHED
