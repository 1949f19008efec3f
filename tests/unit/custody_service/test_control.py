from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cardwright.card import Card, Operation
from services.custody.domain.control import Control, Handout

NOW = 1000.0


def card(name: str, due: Operation | None = Operation.PRINT, **changes: object) -> Card:
    made = Card(name, due=due, turn=1, route=(Operation.PRINT, Operation.DISPATCH))
    return replace(made, **changes)  # type: ignore[arg-type]  # any field of a card


def names(handouts: list[Handout]) -> list[str]:
    return [handout.card.card_id for handout in handouts]


def test_no_more_than_the_cap_and_the_rest_in_order() -> None:
    control, cards = Control(2, 10), {name: card(name) for name in "abcde"}
    out = [h for each in cards.values() for h in control.follow(each, NOW)]
    assert names(out) == ["a", "b"]
    for name in "ab":
        cards[name] = card(name, None)
        assert list(control.follow(cards[name], NOW)) == []
    assert names(list(control.freed(cards.get, NOW))) == ["c", "d"]
    assert control.open_orders() == 2


def test_newcomers_do_not_pass_those_who_wait() -> None:
    control, cards = Control(1, 10), {name: card(name) for name in "abc"}
    for name in "ab":
        list(control.follow(cards[name], NOW))
    list(control.follow(card("a", None), NOW))
    assert list(control.follow(cards["c"], NOW)) == []
    assert names(list(control.freed(cards.get, NOW))) == ["b"]


def test_express_orders_and_cancels_pass() -> None:
    control = Control(1, 10)
    assert names(list(control.follow(card("a"), NOW))) == ["a"]
    assert names(list(control.follow(card("x", express=True), NOW))) == ["x"]
    assert list(control.follow(card("b"), NOW)) == []
    (withdrawn,) = control.follow(card("b", revoking=True), NOW)
    assert withdrawn.cancels


def test_a_cancel_replaces_the_order_and_frees_its_place() -> None:
    control, cards = Control(1, 10), {"a": card("a"), "b": card("b")}
    for each in cards.values():
        list(control.follow(each, NOW))
    (withdrawn,) = control.follow(card("a", revoking=True), NOW)
    assert withdrawn.cancels
    assert names(list(control.freed(cards.get, NOW))) == ["b"]
    assert list(control.follow(card("a", revoking=True), NOW)) == [], "it is out already"


def test_pauses_double_up_to_sixteen_times() -> None:
    control, made = Control(1, 10), card("a")
    list(control.follow(made, 0))
    resent = [now for now in range(1000) for _ in control.overdue(lambda _: made, float(now))]
    assert resent == [10, 30, 70, 150, 310, 470, 630, 790, 950]


def test_orders_that_lie_by_on_purpose_keep_no_others_waiting_and_are_seldom_repeated() -> None:
    control = Control(1, 10)
    lying = [card(name, Operation.MAIL_PIN) for name in "abc"]
    assert names([h for each in lying for h in control.follow(each, 0)]) == ["a", "b", "c"]
    resent = [
        now
        for now in range(0, 20_000, 10)
        for handout in control.overdue(lambda _: lying[0], float(now))
        if handout.card.card_id == "a"
    ]
    pauses = [later - sooner for sooner, later in itertools.pairwise(resent)]
    assert max(pauses) == 3600
    assert len(resent) / len(lying) < 15


def test_a_held_card_keeps_its_place_while_its_order_is_out() -> None:
    control, held = Control(1, 10), card("a", held=True)
    list(control.follow(card("a"), NOW))
    assert list(control.follow(held, NOW)) == []
    assert control.open_orders() == 1
    assert list(control.overdue(lambda _: held, NOW + 99)) == []
    assert list(control.follow(card("a"), NOW)) == [], "released: the order is still out"


def test_a_card_held_in_the_queue_waits_for_its_release() -> None:
    control, cards = Control(1, 10), {name: card(name) for name in "abc"}
    for each in cards.values():
        list(control.follow(each, NOW))
    cards["b"] = card("b", held=True)
    list(control.follow(cards["b"], NOW))
    list(control.follow(card("a", None), NOW))
    assert names(list(control.freed(cards.get, NOW))) == ["c"]
    list(control.follow(card("b"), NOW))
    list(control.follow(card("c", None), NOW))
    cards["b"] = card("b")
    assert names(list(control.freed(cards.get, NOW))) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 4)), max_size=60))
def test_whatever_happens_nobody_is_forgotten_or_handed_out_twice(
    changes: list[tuple[str, int]],
) -> None:
    control = Control(2, 1e9)
    cards: dict[str, Card] = {}
    told: dict[str, tuple[str, bool]] = {}

    def tell(handouts: list[Handout]) -> None:
        for handout in handouts:
            said = (handout.card.order_id, handout.cancels)
            assert told.get(handout.card.card_id) != said
            told[handout.card.card_id] = said

    for name, what in changes:
        before = cards.get(name, card(name, None))
        cards[name] = [
            replace(before, due=Operation.PRINT, turn=before.turn + 1, revoking=False),
            replace(before, due=None, revoking=False),
            replace(before, held=True),
            replace(before, held=False),
            replace(before, revoking=before.due is not None, held=False),
        ][what]
        tell(list(control.follow(cards[name], NOW)))
        tell(list(control.freed(cards.get, NOW)))
    while any(made.due for made in cards.values()):
        out = [n for n, c in cards.items() if c.due and told.get(n) == (c.order_id, c.revoking)]
        if not out:
            assert all(c.held for c in cards.values() if c.due), "someone waits for ever"
            break
        cards[out[0]] = replace(cards[out[0]], due=None, revoking=False)
        tell(list(control.follow(cards[out[0]], NOW)))
        tell(list(control.freed(cards.get, NOW)))
    assert control.open_orders() == 0
