from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.settings import SettingsError
from cardwright.vault.vault import SECTIONS
from services.retention.adapters.settings import RetentionSettings
from services.retention.domain import Cause, Found, Intent, Life, life_of, report_of
from tests.unit.audit.signed_logs import START, LogMaker, card_id, life_of_a_badge

CARD = card_id(1)
DAY = timedelta(days=1)


def settings(**told: str) -> RetentionSettings:
    return RetentionSettings.from_environment(
        {f"CARDWRIGHT_{name.upper()}": value for name, value in told.items()}
    )


def test_the_default_is_thirty_days_for_every_section() -> None:
    terms = settings().terms
    assert terms.keep == dict.fromkeys(SECTIONS, 30 * DAY)
    life = Life(ended_at=START + DAY, personalized_at=START)
    assert terms.due(life, START + 30 * DAY) == SECTIONS
    assert terms.due(life, START + 29 * DAY) == ()


def test_a_card_that_was_never_made_is_kept_from_its_end() -> None:
    terms, life = settings().terms, Life(ended_at=START + DAY)
    assert terms.due(life, START + 30 * DAY) == ()
    assert terms.due(life, START + 31 * DAY) == SECTIONS


def test_a_card_in_the_making_is_overdue_and_not_due() -> None:
    terms, life = settings(retention_sections="pin=2").terms, Life(personalized_at=START)
    assert terms.due(life, START + 90 * DAY) == ()
    assert (terms.overdue(life, START + DAY), terms.overdue(life, START + 2 * DAY)) == (False, True)


@pytest.mark.parametrize("text", ["pin", "pin=", "pin=x", "nothing=3", "pin=-1", "pin=1 mailer=2"])
def test_terms_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(SettingsError, match="CARDWRIGHT_RETENTION_SECTIONS"):
        settings(retention_sections=text)


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=4))
def test_a_life_is_the_same_in_whatever_order_it_is_told(
    order: list[int], again: list[int]
) -> None:
    events = [row.decode() for row in log().rows]
    told = [events[n] for n in [*order, *again]]
    assert life_of(CARD, told) == Life(START + timedelta(seconds=7), START + timedelta(seconds=3))


@given(st.integers(0, 6))
def test_a_life_with_a_gap_is_none(gone: int) -> None:
    events = [row.decode() for row in log().rows]
    assert life_of(CARD, events[:gone] + events[gone + 1 :]) is None


def test_the_end_of_a_log_may_be_missing() -> None:
    life = life_of(CARD, [row.decode() for row in log().rows[:-1]])
    assert life == Life(None, START + timedelta(seconds=3))


def log() -> LogMaker:
    made = LogMaker()
    made.add(CARD, *life_of_a_badge(1))
    return made


def test_a_report_counts_and_names_no_person() -> None:
    found = {"print": Found(1, 2, ("section/print#1", "section/print#2"))}
    intent = Intent("e-1", Cause.REQUEST, {CARD: found, card_id(2): {}}, frozenset([CARD]))
    report = json.loads(report_of(intent, "site-1", START, START + DAY))
    assert (report["rows"], report["data_keys"]) == (1, 2)
    assert report["section_keys"] == ["section/print#1", "section/print#2"]
    assert report["cards"][card_id(2)] == {}
    assert (report["cause"], report["site"]) == ("request", "site-1")
