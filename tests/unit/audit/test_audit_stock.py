from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardwright.audit.stock import LotLine, MaterialLine, StockCode, StockCount, StockReport
from cardwright.card import Body, Operation
from cardwright.card import events as e
from tests.unit.audit.signed_logs import (
    LIVES,
    LogMaker,
    card_id,
    life_of_a_badge,
    life_with_a_remake,
)

LOT = card_id(900)


def count(log: LogMaker) -> StockReport:
    stock = StockCount()
    for row in log.rows:
        stock.take(row.decode())
    return stock.report()


def log_of(*lives: list[Body], received: int = 100, issued: int = 50) -> LogMaker:
    log = LogMaker()
    log.add(LOT, e.LotReceived("L-1", "pvc-dual", received))
    log.add(LOT, e.LotIssued("L-1", "printer-1", issued))
    for number, life in enumerate(lives):
        log.add(card_id(number), *life)
    return log


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 13)), max_size=8))
def test_the_count_adds_up_at_any_moment(cards: list[tuple[int, int]]) -> None:
    lives = [LIVES[kind](n)[:steps] for n, (kind, steps) in enumerate(cards)]
    report = count(log_of(*lives))
    assert report.findings == ()
    assert report.lots == (LotLine("L-1", "pvc-dual", 100, 50),)
    (line,) = report.materials
    dispatched = sum(isinstance(body, e.Dispatched) for life in lives for body in life)
    destroyed = sum(isinstance(body, e.Destroyed) for life in lives for body in life)
    printed = sum(isinstance(body, e.Printed) for life in lives for body in life)
    assert line == MaterialLine("pvc-dual", 100, 50, printed, dispatched, destroyed)
    assert line.in_process == printed - dispatched - destroyed >= 0
    assert line.loaded + line.in_process + line.dispatched + line.destroyed == line.issued


def test_a_blank_spoiled_in_the_printer_is_used() -> None:
    life = [
        *life_of_a_badge(0)[:2],
        e.OperationFailed("JAM", disposition=e.Disposition.SPOILED, blank_serial="B-7"),
        e.Destroyed("B-7"),
    ]
    (line,) = count(log_of(life)).materials
    assert (line.used, line.destroyed, line.in_process) == (1, 1, 0)


def test_a_serial_on_two_cards_is_found() -> None:
    report = count(log_of(life_of_a_badge(0, "B-7"), life_of_a_badge(1, "B-7")[:3]))
    assert [(found.code, found.subject) for found in report.findings] == [
        (StockCode.BLANK_TWICE, "B-7")
    ]


def test_a_destroyed_blank_that_leaves_is_found() -> None:
    life = [*life_with_a_remake(0)[:6], *life_of_a_badge(0)[2:]]
    codes = [found.code for found in count(log_of(life)).findings]
    assert codes == [StockCode.BLANK_TWICE, StockCode.BLANK_TWO_ENDS]


def test_forms_of_pin_mailers_are_counted_beside_the_blanks() -> None:
    jam, lost = e.Disposition.SPOILED, e.Disposition.UNCERTAIN
    life = [
        *life_of_a_badge(0)[:1],
        e.Prepared(
            2, (Operation.PRINT, Operation.DISPATCH, Operation.MAIL_PIN), 5, material="pvc-dual"
        ),
        e.Printed("B-7"),
        e.DispatchPermitted(""),
        e.Dispatched(""),
        e.OperationFailed("MAILER_JAM", disposition=jam, form_serial="F-1-00001"),
        e.OperationFailed("MAILER_INTERRUPTED", disposition=lost, form_serial="F-1-00002"),
        e.Command(e.Verb.REMAKE),
        e.PinMailed("F-1-00003"),
    ]
    log = log_of(life)
    log.add(card_id(901), e.LotReceived("F-1", "pin-mailer", 10))
    log.add(card_id(901), e.LotIssued("F-1", "mailer-1", 4))
    report = count(log)
    assert report.findings == ()
    (forms,) = (line for line in report.materials if line.material == "pin-mailer")
    assert forms == MaterialLine("pin-mailer", 10, 4, used=3, dispatched=1, destroyed=1)
    assert (forms.loaded, forms.in_process) == (1, 1)


def test_a_form_used_for_two_mailers_is_found() -> None:
    route = (Operation.PRINT, Operation.DISPATCH, Operation.MAIL_PIN)
    lives = [
        [
            *life_of_a_badge(n)[:1],
            e.Prepared(2, route, 1, material="pvc-dual"),
            e.Printed(f"B-{n}"),
            e.DispatchPermitted(""),
            e.Dispatched(""),
            e.PinMailed("F-1-00001"),
        ]
        for n in (0, 1)
    ]
    log = log_of(*lives)
    log.add(card_id(901), e.LotReceived("F-1", "pin-mailer", 10))
    log.add(card_id(901), e.LotIssued("F-1", "mailer-1", 4))
    found = [(finding.code, finding.subject) for finding in count(log).findings]
    assert found == [(StockCode.BLANK_TWICE, "F-1-00001")]


def test_more_than_there_was_is_found() -> None:
    report = count(log_of(life_of_a_badge(0), life_of_a_badge(1), received=3, issued=4))
    assert [found.code for found in report.findings] == [StockCode.OVERISSUED]
    report = count(log_of(life_of_a_badge(0), life_of_a_badge(1), issued=1))
    assert [(found.code, found.detail) for found in report.findings] == [
        (StockCode.OVERUSED, "2 used of 1 issued")
    ]
