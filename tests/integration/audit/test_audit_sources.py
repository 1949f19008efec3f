from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cardwright.audit.copy import AuditRow
from cardwright.audit.export import export, read_export
from cardwright.audit.findings import Code, Copy
from cardwright.audit.sources import EventsTopic, PostgresLog, SourceError, audit
from cardwright.audit.verify import verify
from cardwright.custody.merkle import leaf_hash
from tests.integration.audit.audit_floor import Floor
from tests.unit.audit.signed_logs import card_id, life_of_a_badge, shop_floor

MAKER = shop_floor(30)
ROWS = MAKER.rows
KEYS = MAKER.public_keys
VICTIM = ROWS[100]


async def both(floor: Floor) -> None:
    await floor.append(ROWS)
    await floor.publish(ROWS)


async def test_two_sound_copies_are_clean(floor: Floor) -> None:
    await both(floor)
    await floor.publish(ROWS[-20:])
    seen: list[int] = []
    report = await audit(floor.log, floor.topic, KEYS, seen.append)
    assert report.findings == ()
    assert (report.events, report.published) == (len(ROWS), len(ROWS) + 20)


async def test_an_event_edited_with_its_hash_is_named(floor: Floor) -> None:
    await both(floor)
    body = VICTIM.body.replace(VICTIM.decode().received.signature, bytes(64))
    await floor.tamper(
        "UPDATE event SET body = $1, hash = $2 WHERE position = $3",
        body,
        leaf_hash(body),
        VICTIM.position,
    )
    first = (await audit(floor.log, floor.topic, KEYS)).first
    assert first is not None
    assert (first.code, first.where) == (Code.EDITED, Copy.LOG)
    assert (first.stream_id, first.sequence) == (VICTIM.stream_id, VICTIM.sequence)


@pytest.mark.parametrize("position", [101, len(ROWS)])
async def test_an_event_dropped_from_the_log_is_named(floor: Floor, position: int) -> None:
    await both(floor)
    await floor.tamper("DELETE FROM event WHERE position = $1", position)
    first = (await audit(floor.log, floor.topic, KEYS)).first
    assert first is not None
    assert first.code in {Code.DROPPED, Code.NOT_IN_LOG}
    row = ROWS[position - 1]
    assert (first.stream_id, first.sequence) == (row.stream_id, row.sequence)


async def test_events_swapped_in_the_log_are_named(floor: Floor) -> None:
    await both(floor)
    await floor.tamper(
        "UPDATE event SET position = CASE position WHEN 50 THEN 51 ELSE 50 END"
        " WHERE position IN (50, 51)"
    )
    first = (await audit(floor.log, floor.topic, KEYS)).first
    assert first is not None
    assert first.code is Code.REORDERED
    swapped = {(row.stream_id, row.sequence) for row in ROWS[49:51]}
    assert (first.stream_id, first.sequence) in swapped


async def test_an_event_added_to_the_topic_is_named(floor: Floor) -> None:
    await both(floor)
    forged = shop_floor(30)
    forged.add(card_id(30), *life_of_a_badge(30))
    await floor.publish(forged.rows[len(ROWS) :])
    first = (await audit(floor.log, floor.topic, KEYS)).first
    assert first is not None
    assert (first.code, first.stream_id, first.sequence) == (Code.NOT_IN_LOG, card_id(30), 1)


async def test_what_was_never_published_is_named(floor: Floor) -> None:
    await floor.append(ROWS)
    await floor.publish(ROWS[:-1])
    first = (await audit(floor.log, floor.topic, KEYS)).first
    assert first is not None
    assert (first.code, first.position) == (Code.NOT_PUBLISHED, len(ROWS))


async def test_a_log_that_grows_during_the_audit_is_clean(floor: Floor) -> None:
    class Growing:
        """Custody appends and publishes between the two copies' reads; the last is still due."""

        async def rows(self, stream_ids: set[str] | None = None) -> AsyncIterator[AuditRow]:
            async for row in floor.log.rows(stream_ids):
                yield row
            if stream_ids is None:
                await floor.append(ROWS[200:])
                await floor.publish(ROWS[200:-1])

    await floor.append(ROWS[:200])
    await floor.publish(ROWS[:200])
    report = await audit(Growing(), floor.topic, KEYS)
    assert report.findings == ()
    assert report.events == 200


async def test_an_auditor_can_only_read(floor: Floor) -> None:
    await floor.append(ROWS[:3])
    db = await asyncpg.connect(floor.auditor.reveal())
    try:
        for statement in ("DELETE FROM event", "UPDATE event SET kind = ''"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(statement)
    finally:
        await db.close()


async def test_an_export_of_the_log_verifies(floor: Floor, tmp_path: Path) -> None:
    await both(floor)
    await export(tmp_path / "log", floor.log.rows(), KEYS)
    report = verify(read_export(tmp_path / "log"), None, KEYS)
    assert (report.findings, report.events) == ((), len(ROWS))


async def test_a_missing_topic_is_said_to_be_missing(floor: Floor) -> None:
    with pytest.raises(SourceError) as missing:
        await audit(PostgresLog(floor.auditor), EventsTopic(floor.bootstrap, "evnts"), KEYS)
    assert missing.value.code == "TOPIC_MISSING"
