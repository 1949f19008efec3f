from __future__ import annotations

import hashlib
import json

import pytest

from cardwright.audit.erasures import ErasureCode, ErasureReport, KeptReport, reconcile
from cardwright.card.events import Erased
from tests.unit.audit.signed_logs import LogMaker, card_id, life_of_a_badge

CARD = card_id(1)


def kept(cause: str = "request", *sections: str) -> KeptReport:
    told = {"cause": cause, "cards": {CARD: {section: {} for section in sections or ("print",)}}}
    report = json.dumps(told).encode()
    return KeptReport(hashlib.sha256(report).digest(), report)


def audited(
    *reports: KeptReport, states: Erased | None = None, left: dict[str, set[str]] | None = None
) -> ErasureReport:
    log = LogMaker()
    log.add(CARD, *life_of_a_badge(1))
    if states is not None:
        log.add(CARD, states)
    return reconcile([row.decode() for row in log.rows], reports, left or {})


def erased(report: KeptReport, *sections: str) -> Erased:
    return Erased(sections or ("print",), "request", report.digest)


def test_an_erasure_that_is_stated_reported_and_true_is_sound() -> None:
    report = kept()
    found = audited(report, states=erased(report), left={card_id(2): {"print"}, CARD: {"chip"}})
    assert found.findings == ()
    (card,) = found.cards
    assert (card.card_id, card.sections, card.report) == (CARD, ("print",), report.digest.hex())


def test_rows_of_no_card_need_no_statement() -> None:
    found = audited(kept("orphan"))
    assert (found.findings, found.orphans, found.reports) == ((), 1, 1)


CHANGED = KeptReport(kept().digest, b'{"cause": "request", "cards": {}}')


@pytest.mark.parametrize(
    ("reports", "states", "left", "code"),
    [
        ([], erased(kept()), {}, ErasureCode.REPORT_MISSING),
        ([CHANGED], erased(kept()), {}, ErasureCode.REPORT_CHANGED),
        ([kept()], erased(kept(), "chip"), {}, ErasureCode.SECTIONS_DIFFER),
        ([kept()], None, {}, ErasureCode.UNSTATED),
        ([kept()], erased(kept()), {CARD: {"print"}}, ErasureCode.DATA_LEFT),
    ],
)
def test_what_does_not_add_up_is_named(
    reports: list[KeptReport], states: Erased | None, left: dict[str, set[str]], code: ErasureCode
) -> None:
    found = audited(*reports, states=states, left=left)
    assert [finding.code for finding in found.findings] == [code]
