from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from cardwright.audit.copy import AuditRow
from cardwright.audit.verify import Audit
from cardwright.card.events import Command, Erased, Verb
from cardwright.eventlog.codec import decode_fact_message
from cardwright.vault.vault import SECTIONS, Opened
from services.retention.domain import Cause
from tests.integration.retention.house import READER, House, at, message
from tests.unit.audit.signed_logs import card_id, life_of_a_badge

CARD, OTHER, NOBODY = card_id(1), card_id(2), card_id(3)
ERASE = Command(Verb.ERASE, "the owner asks")


async def test_data_go_when_their_time_is_over_and_not_before(house: House) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    await house.sweep(at(29.9))
    assert len(await house.left(CARD)) == 2 * len(SECTIONS)
    assert house.facts() == []
    await house.sweep(at(30.1))
    assert await house.left(CARD) == set()
    (fact,) = house.facts()
    assert (fact.stream_id, fact.order_id, fact.actor) == (CARD, "", "retention")
    assert (fact.body.sections, fact.body.cause) == (SECTIONS, "retention")


async def test_the_log_holds_the_digest_of_a_report_that_counts(house: House) -> None:
    for card in (CARD, OTHER):
        await house.fill(card, "print", "stripe")
        house.log.add(card, *life_of_a_badge(int(card[-1])))
    await house.publish()
    await house.sweep(at(31))
    kept = await house.pools["retention"].fetchrow("SELECT report, digest FROM erasure")
    assert kept is not None
    assert hashlib.sha256(kept["report"]).digest() == kept["digest"]
    assert {fact.body.report_digest for fact in house.facts()} == {kept["digest"]}
    (report,) = await house.reports()
    one = {"rows": 1, "data_keys": 1}
    assert report["cards"] == {
        card: {
            section: {**one, "section_keys": [f"section/{section}#1"]}
            for section in ("print", "stripe")
        }
        for card in (CARD, OTHER)
    }
    assert (report["rows"], report["data_keys"], report["cause"]) == (4, 4, "retention")
    assert report["section_keys"] == ["section/print#1", "section/stripe#1"]


async def test_a_card_that_is_not_at_its_end_keeps_its_data(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1)[:-1])
    await house.publish()
    await house.sweep(at(90))
    assert len(await house.left(CARD)) == 2 * len(SECTIONS)
    assert "cards keep data past their time" in caplog.text


async def test_each_section_has_its_own_time(house: House) -> None:
    house.begin(retention_sections="pin=1, mailer=2")
    await house.fill(CARD, "pin", "mailer", "print")
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    await house.sweep(at(1.1))
    assert await house.left(CARD) == {
        f"{table}_{section}" for table in ("section", "key") for section in ("mailer", "print")
    }
    await house.sweep(at(2.1))
    await house.sweep(at(30.1))
    assert await house.left(CARD) == set()
    assert [fact.body.sections for fact in house.facts()] == [("pin",), ("mailer",), ("print",)]


async def test_what_is_asked_for_goes_at_once_and_asking_again_finds_nothing(house: House) -> None:
    for number, card in ((1, CARD), (2, OTHER)):
        await house.fill(card)
        house.log.add(card, *life_of_a_badge(number))
    house.log.add(CARD, ERASE)
    await house.publish()
    assert house.asked.is_set()
    await house.sweep(at(0.1))
    await house.sweep(at(0.2))
    assert await house.left(CARD) == set()
    assert len(await house.left(OTHER)) == 2 * len(SECTIONS)
    (first,) = house.facts()
    assert (first.body.cause, first.body.sections) == ("request", SECTIONS)
    house.begin()
    house.log.add(CARD, ERASE)
    await house.publish()
    await house.sweep(at(0.3))
    second = house.facts()[1]
    assert (second.body.cause, second.body.sections) == ("request", ())
    assert second.fact_id != first.fact_id


async def test_a_command_about_a_card_in_the_making_destroys_nothing(house: House) -> None:
    """Custody does not log such a command; a topic that has one all the same is not believed."""
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1)[:4], ERASE)
    await house.publish()
    await house.sweep(at(0.1))
    assert len(await house.left(CARD)) == 2 * len(SECTIONS)


@pytest.mark.parametrize("dies", ["before", "between", "after"])
async def test_whoever_dies_in_the_act_is_succeeded(
    house: House, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    destroy = house.vault.destroy

    async def killed(cards: Mapping[str, Any]) -> None:
        if dies == "between":
            for section in cards:
                await house.pools["floor keys"].execute(f"DELETE FROM key_{section}")
        elif dies == "after":
            await destroy(cards)
        raise ConnectionResetError

    monkeypatch.setattr(house.vault, "destroy", killed, raising=True)
    with pytest.raises(ConnectionResetError):
        await house.sweep(at(31))
    house.begin()
    if dies == "between":
        assert (await house.as_owner().open("print", [CARD])) == Opened({})
    await house.reader.start()
    await house.sweep(at(31))
    assert await house.left(CARD) == set()
    (fact,) = house.facts()
    assert fact.body.sections == SECTIONS
    (report,) = await house.reports()
    assert (report["rows"], report["data_keys"]) == (len(SECTIONS), len(SECTIONS))


async def test_a_fact_is_kept_until_custody_has_it(house: House) -> None:
    await house.fill(CARD, "print")
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    await house.sweep(at(31))
    (fact,) = house.facts()
    rows = await house.pools["retention"].fetch("SELECT order_id, state, fact FROM work")
    assert [(row["order_id"], row["state"]) for row in rows] == [(fact.fact_id, "answered")]
    assert decode_fact_message(rows[0]["fact"]).fact == fact


async def test_rows_of_no_card_are_swept_once_the_whole_log_is_known(house: House) -> None:
    await house.fill(NOBODY, "request")
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish(house.log.rows[:3] + house.log.rows[4:])
    await house.sweep(at(9))
    assert await house.left(NOBODY) == {"section_request", "key_request"}, "the log has a gap"
    await house.publish(house.log.rows)
    await house.sweep(at(7.9))
    assert await house.left(NOBODY) != set()
    await house.sweep(at(8.1))
    assert await house.left(NOBODY) == set()
    assert house.facts() == [], "there is no stream to state it in"
    (report,) = await house.reports()
    assert (report["cause"], list(report["cards"])) == (Cause.ORPHAN, [NOBODY])


async def test_a_key_whose_row_was_never_written_goes_with_its_card(house: House) -> None:
    await house.fill(CARD, "print")
    await house.pools["rows"].execute("DELETE FROM section_print")
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    await house.sweep(at(31))
    assert await house.left(CARD) == set()


@pytest.mark.parametrize("change", ["signature", "chain", "gap", "order"])
async def test_a_log_that_is_not_custodys_erases_nothing(house: House, change: str) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1), ERASE)
    rows = list(house.log.rows)
    if change == "signature":
        del house.log.signers  # every signer is unknown
        house.log.signers = {"operator"}
    elif change == "chain":
        other = type(house.log)()
        other.add(CARD, *life_of_a_badge(7))
        rows[3] = replace(other.rows[3], position=rows[3].position)
    elif change == "gap":
        del rows[2]
    await house.publish(rows[::-1] if change == "order" else rows)
    if change == "signature":
        await expect_untrusted(house)
    else:
        await house.sweep(at(31))
    erased = change == "order"  # the order of reading alone changes nothing
    assert (await house.left(CARD) == set()) == erased


async def expect_untrusted(house: House) -> None:
    """An unknown signer is asked for at the module, which is away: the sweep waits."""
    with pytest.raises(Exception, match="no sign/ keys"):
        await house.sweep(at(31))


async def test_a_backup_of_the_vault_is_useless_after_the_erasure(house: House) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    owner = house.as_owner()
    for section in SECTIONS:
        assert (await owner.open(section, [CARD])).cards, "before, its owner opens everything"
    backup = {section: await copied(house, section) for section in SECTIONS}
    await house.sweep(at(31))
    for section, octets in backup.items():
        await house.pools["rows"].copy_to_table(
            f"section_{section}", source=BytesIO(octets), format="binary"
        )
        assert (await owner.open(section, [CARD])) == Opened({}), section
        row = await house.pools["rows"].fetchval(f"SELECT sealed FROM section_{section}")
        assert b"secret of" not in row
    for section, role in READER.items():
        assert (await house.as_role(role).open(section, [CARD])) == Opened({}), section
    await house.sweep(at(31.1))
    assert await house.left(CARD) == set(), "what came back is swept again"


async def copied(house: House, section: str) -> bytes:
    output = BytesIO()
    table = f"section_{section}"
    await house.pools["rows"].copy_from_table(table, output=output, format="binary")
    return output.getvalue()


async def test_custody_verifies_after_the_erasure(house: House) -> None:
    await house.fill(CARD)
    house.log.add(CARD, *life_of_a_badge(1))
    await house.publish()
    await house.sweep(at(31))
    (fact,) = house.facts()
    house.log.add(CARD, fact.body)
    audit = Audit(house.log.public_keys, compares=False)
    for row in house.log.rows:
        columns = (row.position, row.stream_id, row.sequence, row.kind, row.hash, row.body)
        audit.log.take(AuditRow(*columns))
    assert isinstance(house.log.rows[-1].decode().fact.body, Erased)
    assert audit.conclude({}, {}).findings == ()
    assert message(house.log.rows[-1]).headers["ce_type"] == "cardwright.event.erased"
