"""A whole line under test: real processes on a real stack, driven from the test's event loop.

The line is observed where it can't deceive: the log in Postgres, read as superuser, and the
devices' own ledgers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from cardwright.card import Card, fold
from cardwright.cli.stock import receive_and_load, receive_and_load_forms
from cardwright.devices.ledger import Act, Ledger
from cardwright.eventlog.codec import LoggedEvent, decode_event
from cardwright.issuer.client import IssuerClient
from cardwright.issuer.keys import load_key
from cardwright.issuer.message import RequestMessage
from cardwright.issuer.rows import RequestRow
from cardwright.line.bureau import bureau_key
from cardwright.line.layout import SITE, Layout, repository
from cardwright.line.line import Line, running_line
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import Stack, StackChoice
from cardwright.operator import Operator, open_operator
from cardwright.secret import SecretText
from cardwright.station.faults import until_it_passes

__all__ = ["LineUnderTest", "badge_row", "debit_row", "line_under_test"]

DEVICES = ("printer-1", "printer-2", "encoder-1", "inspector-1", "mailer-1")
_POLL = 0.2


@dataclass(slots=True)
class LineUnderTest:
    """A running line with an operator and the issuers' clients."""

    line: Line
    layout: Layout
    operator: Operator
    issuers: Mapping[str, IssuerClient]
    log: asyncpg.Pool[asyncpg.Record]
    submitted: dict[str, str] = field(default_factory=dict)

    async def submit(self, rows: Mapping[str, Iterable[RequestRow]]) -> None:
        """Produce requests, by issuer."""
        for issuer, own in rows.items():
            client = self.issuers[issuer]
            messages = [self._message(client, row) for row in own]
            self.submitted |= {m.key.decode(): issuer for m in messages}
            await until_it_passes("the issuer", _submit, client, messages)

    async def load(self, *, material: str, count: int, lot: str, device: str = "printer-1") -> None:
        """Receive a lot and load it."""
        stripe = "none" if material == "pvc-badge" else "hico"
        await receive_and_load(
            self.operator,
            self.layout.ports()[device],
            lot=lot,
            material=material,
            count=count,
            device=device,
            stripe=stripe,
        )

    async def load_forms(self, count: int, lot: str = "FORMS") -> None:
        """Receive a lot of PIN mailer forms and load it."""
        port = self.layout.ports()["mailer-1"]
        await receive_and_load_forms(self.operator, port, lot=lot, count=count, device="mailer-1")

    async def events(self) -> list[LoggedEvent]:
        """Return the whole log in order of position."""
        query = "SELECT body FROM event ORDER BY position"
        rows = await until_it_passes("the test", self.log.fetch, query)
        return [decode_event(row["body"]) for row in rows]

    async def cards(self) -> dict[str, Card]:
        """Return all cards by id, folded from the log as it stands now."""
        streams: dict[str, list[LoggedEvent]] = {}
        for event in await self.events():
            streams.setdefault(event.stream_id, []).append(event)
        folded = (fold(key, [event.fact for event in own]) for key, own in streams.items())
        return {card.card_id: card for card in folded if card.issuer}

    async def until(
        self, condition: Callable[[Collection[Card]], bool], within: float, what: str
    ) -> dict[str, Card]:
        """Wait until the cards are as wanted; says how they stand if they never are."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            cards = await self.cards()
            if condition(cards.values()):
                return cards
            if asyncio.get_running_loop().time() > deadline:
                states = [
                    f"{c.request_id} {c.status.name} due={c.due} {c.code}"
                    for c in cards.values()
                    if not c.status.terminal
                ]
                raise AssertionError(
                    f"{what}: not within {within} s; {len(states)} open: {states[:8]}"
                )
            await asyncio.sleep(_POLL)

    async def until_ended(self, count: int, within: float = 60) -> dict[str, Card]:
        """Wait until ``count`` cards exist and all are at their end."""
        return await self.until(
            lambda cards: len(cards) >= count and all(c.status.terminal for c in cards),
            within,
            f"{count} cards end",
        )

    def acts(self, device: str) -> Sequence[Act]:
        """Return what a device physically did, by its own ledger."""
        ledger = Ledger.reading(self.layout.root / "devices" / device / "ledger.db")
        try:
            return ledger.acts()
        finally:
            ledger.close()

    def pid(self, name: str) -> int:
        """Return the pid of a process of the line."""
        for status in self.line.supervisor.statuses():
            if status.name == name and status.identity is not None:
                return status.identity.pid
        raise AssertionError(f"{name} does not run")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process of the line; its supervisor starts it again."""
        os.kill(self.pid(name), number)

    def _message(self, client: IssuerClient, row: RequestRow) -> RequestMessage:
        folder = repository() / "examples" / "borealis-works"
        return client.sealer.message(row, folder=folder, now=datetime.now(UTC))


@contextlib.asynccontextmanager
async def line_under_test(
    root: Path, stack: Stack, options: LineOptions | None = None
) -> AsyncIterator[LineUnderTest]:
    """Run a line in ``root`` for as long as the block lasts."""
    layout = Layout(root)
    choice, used = StackChoice(stack), options or LineOptions()
    async with contextlib.AsyncExitStack() as opened:
        line = await opened.enter_async_context(running_line(layout, choice, used, lambda _: None))
        token = SecretText(layout.token_file("operator").read_text().strip())
        hsm = f"127.0.0.1:{layout.ports()['hsm']}"
        operator = await opened.enter_async_context(open_operator(line.bootstrap, hsm, token, SITE))
        bureau, home = await bureau_key(layout), layout.issuer_secrets
        issuers: dict[str, IssuerClient] = {}
        for issuer in ("aurora-bank", "borealis-works"):
            client = IssuerClient(
                line.bootstrap,
                issuer,
                load_key(home / f"{issuer}.sign.jwk.json"),
                bureau,
                load_key(home / f"{issuer}.open.jwk.json"),
            )
            issuers[issuer] = client
        log = await asyncpg.create_pool(line.superuser_dsn("cardwright_log"), min_size=1)
        opened.push_async_callback(log.close)
        yield LineUnderTest(line, layout, operator, issuers, log)


async def _submit(client: IssuerClient, messages: Sequence[RequestMessage]) -> None:
    # Opened anew: an idempotent producer does not outlive a broker that forgot it.
    async with client:
        await client.submit(messages)


def debit_row(number: int, *, express: bool = False, prefix: str = "t-debit") -> RequestRow:
    """Make a request for a debit card whose PAN the bureau allocates."""
    return RequestRow.model_validate(
        {
            "request_id": f"{prefix}-{number:06d}",
            "product": "emv-debit",
            "lane": "express" if express else "batch",
            "consent": _consent(number),
            "cardholder": {"surname": "Testova", "given_names": "Ada"},
            "address": {"lines": [f"{number} Proof Lane", "Testing"], "country": "IE"},
        }
    )


def badge_row(number: int, *, express: bool = False, prefix: str = "t-badge") -> RequestRow:
    """Make a request for an employee badge."""
    return RequestRow.model_validate(
        {
            "request_id": f"{prefix}-{number:06d}",
            "product": "employee-badge",
            "lane": "express" if express else "batch",
            "consent": _consent(number),
            "cardholder": {"surname": "Probe", "given_names": "Max"},
            "employee": {"number": f"BW-{number:04d}", "department": "Test"},
            "photo": "../photos/portrait-1.jpg",
        }
    )


def _consent(number: int) -> dict[str, str]:
    return {
        "reference": f"C-{number:06d}",
        "given_at": "now-1d",
        "expires_at": "now+100d",
    }
