"""What must hold of every run, whatever befell it: read from the log and the machines' ledgers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import asyncpg

from cardwright.audit.sources import EventsTopic, PostgresLog, audit
from cardwright.audit.stock import StockCount
from cardwright.card import Card, Status
from cardwright.card.events import Destroyed
from cardwright.devices.ledger import Act
from cardwright.driver.connection import DeviceConnection
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.line.databases import database_of
from cardwright.operator import FORM_MATERIAL
from cardwright.secret import SecretText
from tests.support.line import LineUnderTest

__all__ = [
    "dispatched_once",
    "no_blank_is_unaccounted_for",
    "nothing_was_done_twice",
    "the_log_is_chained_and_signed",
]

_PRINTERS = ("printer-1", "printer-2")


def dispatched_once(cards: Collection[Card], requests: Collection[str]) -> None:
    """Each request became one card, which was dispatched; an id sent twice was refused once."""
    own = [card for card in cards if card.request_id in requests]
    left = Counter(card.request_id for card in own if card.status is Status.DISPATCHED)
    others = Counter((card.status, card.code) for card in own)
    del others[Status.DISPATCHED, ""]
    assert left == Counter(requests), f"not dispatched once each; others ended as {others}"
    assert {code for _, code in others} <= {"REQUEST_DUPLICATE"}, others


def nothing_was_done_twice(line: LineUnderTest) -> None:
    """No job was printed, fed, encoded or destroyed twice, and no blank was used twice."""
    acts = [act for device in _PRINTERS for act in line.acts(device)]
    encoded = line.acts("encoder-1")
    once = {
        "a job printed": Counter(act.job_id for act in acts if act.act == "print"),
        "a blank printed": Counter(act.blank for act in acts),
        "a blank fed": Counter(act.blank for act in encoded if act.act == "feed"),
        "a chip personalised": Counter(
            act.blank for act in encoded if act.result == "personalised"
        ),
        "a stripe written": Counter(act.blank for act in encoded if act.act == "stripe_write"),
        "a PIN mailed": Counter(act.job_id for act in line.acts("mailer-1")),
        "a blank destroyed": Counter(act.blank for act in _destroyed(line)),
    }
    twice = {what: [key for key, count in c.items() if count > 1] for what, c in once.items()}
    assert not any(twice.values()), twice


async def no_blank_is_unaccounted_for(line: LineUnderTest) -> None:
    """Every blank is in a hopper, dispatched or destroyed; log, stock book and ledgers agree."""
    count, events = StockCount(), await line.events()
    for event in events:
        count.take(event)
    report = count.report()
    assert not report.findings, report.findings
    for material in report.materials:
        assert material.in_process == 0, f"{material} has blanks on the floor"
        assert material.loaded == await _in_hoppers(line, material.material), material
    shredded = {e.fact.body.blank_serial for e in events if isinstance(e.fact.body, Destroyed)}
    assert shredded == {act.blank for act in _destroyed(line)}, "the log and the shredder differ"
    used = {act.blank for device in _PRINTERS for act in line.acts(device)}
    assert await _stock_book(line) == {
        blank: "destroyed" if blank in shredded else "dispatched" for blank in used
    }


async def the_log_is_chained_and_signed(line: LineUnderTest, *, published: bool) -> None:
    """An auditor finds nothing; with ``published``, the topic holds the same, byte for byte."""
    address = f"127.0.0.1:{line.layout.ports()['hsm']}"
    token = SecretText(line.layout.token_file("operator").read_text().strip())
    async with GrpcSecurityModule(address, token) as module:
        keys = {key.key_id: key.value for key in await module.public_keys("sign/")}
    log = PostgresLog(SecretText(line.line.superuser_dsn(database_of("custody"))))
    copy = EventsTopic(line.line.bootstrap) if published else None
    report = await audit(log, copy, keys)
    assert not report.findings, report.findings


def _destroyed(line: LineUnderTest) -> Sequence[Act]:
    return [act for act in line.acts("inspector-1") if act.act == "destroy"]


async def _in_hoppers(line: LineUnderTest, material: str) -> int:
    ports, found = line.layout.ports(), 0
    if material == FORM_MATERIAL:
        async with DeviceConnection("127.0.0.1", ports["mailer-1"]) as mailer:
            return int((await mailer.ask("SUPPLIES")).ok["forms"])
    for device in _PRINTERS:
        async with DeviceConnection("127.0.0.1", ports[device]) as printer:
            found += (await printer.ask("SUPPLIES")).ok["hopper"].get(material, 0)
    return found


async def _stock_book(line: LineUnderTest) -> dict[str, str]:
    connection = await asyncpg.connect(line.line.superuser_dsn(database_of("logistics")))
    try:
        rows = await connection.fetch("SELECT blank_serial, fate FROM stock_ledger")
    finally:
        await connection.close()
    return {row["blank_serial"]: row["fate"] for row in rows}
