"""One run of cards through a line that is being maltreated."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field

from cardwright.card import Card
from cardwright.issuer.rows import RequestRow
from cardwright.localstack.errors import NotReadyError
from cardwright.localstack.waiting import until
from cardwright.station.faults import until_it_passes
from tests.support.line import LineUnderTest, badge_row, debit_row

__all__ = ["Run"]

AURORA, BOREALIS = "aurora-bank", "borealis-works"


@dataclass(slots=True)
class Run:
    """Requests that a test sent, told apart from others' by their prefix."""

    line: LineUnderTest
    prefix: str
    rows: dict[str, tuple[str, RequestRow]] = field(default_factory=dict)

    @property
    def requests(self) -> Collection[str]:
        """Ids of the requests of this run."""
        return self.rows.keys()

    async def submit(self, count: int) -> None:
        """Request ``count`` more cards: debit cards, and every third a badge."""
        made: dict[str, list[RequestRow]] = {AURORA: [], BOREALIS: []}
        for number in range(len(self.rows), len(self.rows) + count):
            issuer, make = (BOREALIS, badge_row) if number % 3 == 2 else (AURORA, debit_row)
            row = make(number, prefix=self.prefix)
            self.rows[row.request_id] = issuer, row
            made[issuer].append(row)
        await self.line.submit(made)

    async def resubmit_what_the_broker_lost(self, patience: float = 10) -> None:
        """Do what an issuer does that hears nothing of a request: send it again."""
        query = "SELECT count(*) FROM event WHERE kind = 'request_accepted'"

        async def all_accepted() -> bool:
            accepted = await until_it_passes("the test", self.line.log.fetchval, query)
            return int(accepted) >= len(self.line.submitted)

        with contextlib.suppress(NotReadyError):
            await until(all_accepted, patience, "all requests are accepted")
        known = {card.request_id for card in (await self.line.cards()).values()}
        unheard: dict[str, list[RequestRow]] = {AURORA: [], BOREALIS: []}
        for request_id in self.rows.keys() - known:
            issuer, row = self.rows[request_id]
            unheard[issuer].append(row)
        await self.line.submit(unheard)

    async def logged(self) -> int:
        """Return the last position of the log."""
        query = "SELECT coalesce(max(position), 0) FROM event"
        return int(await until_it_passes("the test", self.line.log.fetchval, query))

    async def until_logged(self, position: int, within: float = 60) -> None:
        """Wait until the log has grown as far as ``position``: cards flow."""

        async def reached() -> bool:
            return await self.logged() >= position

        await until(reached, within, f"the log has {position} events")

    async def until_ended(self, within: float) -> list[Card]:
        """Wait until every request of this run has a card, and all cards are at their end."""

        def ended(cards: Collection[Card]) -> bool:
            own = self._own(cards)
            known = {card.request_id for card in own}
            return known == self.rows.keys() and all(card.status.terminal for card in own)

        return self._own((await self.line.until(ended, within, f"{self.prefix} ends")).values())

    def _own(self, cards: Collection[Card]) -> list[Card]:
        return [card for card in cards if card.request_id in self.rows]
