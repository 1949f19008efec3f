"""A card driven along random routes by random stations, operators and networks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cardwright.card import (
    STATION_OF,
    Accept,
    Cancel,
    Card,
    Disposition,
    Duplicate,
    Fact,
    Operation,
    Order,
    Permit,
    Refuse,
    Status,
    Verb,
    apply,
    fold,
    judge,
    next_step,
)
from cardwright.card import events as e

CARD = "0198a0de-0000-7000-8000-000000000001"
ROUTES = [
    (Operation.PRINT, Operation.DISPATCH),
    (Operation.PRINT, Operation.PACK, Operation.DISPATCH),
    (Operation.PRINT, Operation.ENCODE, Operation.INSPECT, Operation.PACK, Operation.DISPATCH),
    (
        Operation.DERIVE_KEYS,
        Operation.PRINT,
        Operation.ENCODE,
        Operation.INSPECT,
        Operation.PACK,
        Operation.DISPATCH,
    ),
    (Operation.PRINT, Operation.PACK, Operation.DISPATCH, Operation.MAIL_PIN),
]


class CardMachine(RuleBasedStateMachine):
    """Custody's part is played as custody plays it: judge, apply, permit, park."""

    def __init__(self) -> None:
        super().__init__()
        opening = e.RequestAccepted("aurora-bank", "r-1", "emv-debit", 1)
        self.logged: list[Fact] = []
        self.card: Card | None = None
        self.ids = 0
        self.blanks = 0
        self.taken: list[str] = []
        self.destroyed: list[str] = []
        self.left: list[str] = []
        self.revoked = False
        self.permit_when_revoked = False
        self.remakes = 0
        self.offer(Fact("open", CARD, "", "request", "site-1", opening))

    @property
    def now(self) -> Card:
        assert self.card is not None
        return self.card

    def log(self, fact: Fact) -> None:
        self.card = apply(self.card or Card(CARD), fact)
        self.logged.append(fact)

    def offer(self, fact: Fact) -> Accept | Duplicate | Refuse:
        verdict = judge(self.card, fact)
        if isinstance(verdict, Accept):
            self.log(fact)
            if isinstance(next_step(self.now), Permit):
                self.state(e.DispatchPermitted(self.now.sscc))
        elif isinstance(verdict, Refuse) and verdict.parks and not self.now.parked:
            self.state(e.Parked(fact.fact_id, verdict.code))
        return verdict

    def state(self, body: e.Body) -> None:
        self.ids += 1
        self.log(Fact(f"own-{self.ids}", CARD, "", "custody", "site-1", body))

    def answer(self, body: e.Body) -> None:
        due = self.now.due
        assert due is not None
        order = self.now.order_id
        assert self.offer(Fact(order, CARD, order, STATION_OF[due], "site-1", body)) == Accept()

    def take_blank(self) -> str:
        self.blanks += 1
        self.taken.append(f"blank-{self.blanks}")
        return self.taken[-1]

    @precondition(lambda self: self.now.due is not None)
    @rule(route=st.sampled_from(ROUTES), attempts=st.integers(1, 3))
    def succeed(self, route: tuple[Operation, ...], attempts: int) -> None:
        blank = self.now.blank_serial
        plain: dict[Operation | None, e.Body] = {
            Operation.PREPARE: e.Prepared(1, route, attempts),
            Operation.DERIVE_KEYS: e.KeysDerived(),
            Operation.ENCODE: e.Encoded(blank),
            Operation.INSPECT: e.Inspected(blank, passed=True),
            Operation.PACK: e.Packed("sscc"),
            Operation.MAIL_PIN: e.PinMailed("form-1"),
        }
        match self.now.due:
            case due if due in plain:
                self.answer(plain[due])
            case Operation.PRINT:
                self.answer(e.Printed(self.take_blank()))
            case Operation.DISPATCH if self.now.permitted:
                if self.revoked:
                    assert self.permit_when_revoked, "a revoked card left the house"
                self.answer(e.Dispatched("sscc"))
                self.left.append(blank)
            case Operation.DESTROY:
                self.answer(e.Destroyed(blank))
                self.destroyed.append(blank)

    @precondition(lambda self: self.now.due is not None)
    @rule(disposition=st.sampled_from(Disposition), names_blank=st.booleans())
    def fail(self, disposition: Disposition, names_blank: bool) -> None:
        blank = self.now.blank_serial
        if self.now.due is Operation.PRINT and names_blank:
            blank = self.take_blank()
        self.answer(e.OperationFailed("FAULT", "", disposition, blank if names_blank else ""))

    @precondition(lambda self: self.now.due is Operation.INSPECT)
    @rule()
    def find_defect(self) -> None:
        self.answer(e.Inspected(self.now.blank_serial, passed=False, defects=("SCRATCH",)))

    @precondition(lambda self: self.now.due is Operation.PREPARE)
    @rule(opens=st.booleans())
    def do_not_prepare(self, opens: bool) -> None:
        self.answer(e.ExceptionOpened("ODD") if opens else e.PreparationRefused("NO"))

    @precondition(lambda self: isinstance(next_step(self.now), Cancel))
    @rule()
    def withdraw_in_time(self) -> None:
        self.answer(e.OperationCancelled())

    @rule(verb=st.sampled_from(Verb))
    def command(self, verb: Verb) -> None:
        before = self.now
        self.ids += 1
        fact = Fact(f"command-{self.ids}", CARD, "", "operator", "site-1", e.Command(verb))
        if self.offer(fact) == Accept():
            assert before.status.terminal == (verb is Verb.ERASE)
            self.remakes += verb in {Verb.REMAKE, Verb.WAIVE}
            if verb is Verb.REVOKE:
                self.permit_when_revoked = before.permitted
                self.revoked = True
        else:
            assert self.now == before

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Whatever was logged may come again, at any time."""
        theirs = [fact for fact in self.logged if fact.actor != "custody"]
        before = self.now
        assert self.offer(data.draw(st.sampled_from(theirs))) == Duplicate()
        assert self.now == before

    @rule(
        turns=st.integers(-3, 3),
        body=st.sampled_from(
            [e.Printed("other"), e.Destroyed("other"), e.Encoded("other"), e.Dispatched("other")]
        ),
    )
    def lie(self, turns: int, body: e.Body) -> None:
        """A fact of another blank, turn or place: never accepted where it does not fit."""
        operation = {
            e.Printed: Operation.PRINT,
            e.Encoded: Operation.ENCODE,
            e.Dispatched: Operation.DISPATCH,
            e.Destroyed: Operation.DESTROY,
        }[type(body)]
        due, turn = self.now.due, self.now.turn + turns
        if turns == 0 and due is operation and operation in {Operation.PRINT, Operation.DISPATCH}:
            return  # that would be no lie
        order = f"{CARD}.{turn}"
        verdict = self.offer(Fact("lie", CARD, order, STATION_OF[operation], "site-1", body))
        assert verdict != Accept()
        assert not (self.now.status.terminal and self.now.parked), "an ended card was parked"

    @invariant()
    def the_log_tells_the_same(self) -> None:
        assert fold(CARD, self.logged) == self.card

    @invariant()
    def an_ended_card_rests(self) -> None:
        card = self.now
        if card.status.terminal:
            assert card.due is None
            assert next_step(card) is None
            assert not card.blank_serial

    @invariant()
    def what_left_has_left(self) -> None:
        assert self.now.gone == bool(self.left)
        assert self.now.status not in {Status.REVOKED, Status.REFUSED} or not self.left

    @invariant()
    def every_blank_is_accounted_for(self) -> None:
        gone = self.destroyed + self.left
        held = [self.now.blank_serial] if self.now.blank_serial else []
        assert sorted(gone + held) == sorted(self.taken)

    @invariant()
    def somebody_can_go_on(self) -> None:
        card = self.now
        if card.status.terminal or next_step(card) is not None:
            return
        verbs = (
            Fact("next", CARD, "", "operator", "site-1", e.Command(verb))
            for verb in (Verb.RELEASE, Verb.WAIVE, Verb.REMAKE, Verb.REVOKE)
        )
        assert any(judge(card, fact) == Accept() for fact in verbs)

    @invariant()
    def an_operator_can_always_revoke(self) -> None:
        if self.now.status.terminal or isinstance(next_step(self.now), Cancel | Order):
            return
        fact = Fact("next", CARD, "", "operator", "site-1", e.Command(Verb.REVOKE))
        assert judge(self.now, fact) == Accept()

    @invariant()
    def attempts_are_bounded(self) -> None:
        assert self.now.attempt <= 3 * (self.remakes + 1)

    @invariant()
    def a_permit_is_of_this_box(self) -> None:
        if self.now.permitted and not self.now.status.terminal:
            assert self.now.due in {Operation.DISPATCH, Operation.DESTROY, None}

    @invariant()
    def a_revoked_card_never_reaches_a_station_again(self) -> None:
        step = next_step(self.now)
        if self.revoked and isinstance(step, Order):
            assert step.operation is Operation.DESTROY


CardMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCardMachine = CardMachine.TestCase
