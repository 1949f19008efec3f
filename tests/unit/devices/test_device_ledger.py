import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardwright.devices.ledger import Act, GroupCommit, Ledger, finish, record, start


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def test_an_act_is_open_until_it_is_finished(ledger: Ledger) -> None:
    ledger.commit([start("job", "card", "b1", "print", material="pvc")])
    (act,) = ledger.open_acts()
    assert (act.finished, act.result, act.detail) == (None, None, {"material": "pvc"})
    ledger.commit([finish("job", "print", "done", recovered=True)])
    (act,) = ledger.acts(job_id="job")
    assert act.result == "done"
    assert act.finished is not None
    assert act.finished >= act.started
    assert act.detail == {"material": "pvc", "recovered": True}
    assert ledger.open_acts() == []


def test_a_finished_act_is_not_rewritten(ledger: Ledger) -> None:
    ledger.commit([start("job", "card", "b1", "print"), finish("job", "print", "done")])
    ledger.commit([finish("job", "print", "interrupted")])
    assert [act.result for act in ledger.acts()] == ["done"]


@pytest.mark.parametrize(("job", "blank"), [("job", "b2"), ("other", "b1")])
def test_neither_a_job_nor_a_blank_is_printed_twice(ledger: Ledger, job: str, blank: str) -> None:
    ledger.commit([start("job", "card", "b1", "print")])
    with pytest.raises(sqlite3.IntegrityError):
        ledger.commit([start(job, "card", blank, "print")])
    assert len(ledger.acts()) == 1


def test_acts_are_narrowed_by_what_is_asked(ledger: Ledger) -> None:
    act = Act("j1", "c1", "b1", "stripe_write", 1.0, 2.0, "done", {})
    ledger.commit([record(act), start("j2", "c2", "b2", "feed")])
    assert ledger.acts(act="stripe_write") == [act]
    assert ledger.acts(card="c2", act="stripe_write") == []
    assert [found.job_id for found in ledger.acts()] == ["j1", "j2"]


def test_an_auditor_reads_while_the_machine_writes(ledger: Ledger, tmp_path: Path) -> None:
    auditor = Ledger.reading(tmp_path / "ledger.db")
    ledger.commit([start("job", "card", "b1", "print")])
    assert len(auditor.acts()) == 1
    with pytest.raises(sqlite3.ProgrammingError):
        auditor.commit([finish("job", "print", "done")])
    auditor.close()


async def test_cards_share_commits_and_a_refused_one_fails_alone(ledger: Ledger) -> None:
    commits = GroupCommit(ledger)
    jobs = [commits.submit(start(f"j{n % 9}", "c", f"b{n}", "print")) for n in range(10)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 9 + [sqlite3.IntegrityError]
    assert len(ledger.acts()) == 9
    await commits.close()
