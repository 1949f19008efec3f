"""The sweep: what is due is written down, destroyed, reported and stated, in this order.

Whoever dies on the way leaves an intent, which the next sweep carries out again: what is gone stays
gone, and the report says what was there when it was intended.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from opentelemetry import metrics
from uuid_utils.compat import uuid7

from cardwright.card.events import Erased
from cardwright.custody.statement import SignatureError
from cardwright.station.outbox import Outbox
from cardwright.station.signing import Statement
from cardwright.station.work import WorkTable
from cardwright.vault.vault import SECTIONS
from services.retention.adapters.store import Begun, Store
from services.retention.adapters.trust import Trust
from services.retention.adapters.vault import VaultFloor
from services.retention.domain import Cause, Intent, Life, Terms, life_of, report_of

__all__ = ["Eraser"]

_log = logging.getLogger(__name__)
_PAGE: Final = 500
_ALL: Final = frozenset(SECTIONS)
_COUNT: Final = metrics.get_meter("retention").create_counter("cardwright.erasures")


@dataclass(slots=True)
class Eraser:
    """Erases. For one task.

    Attributes:
        whole: says whether the log was read without a gap, up to its end: only then is a card that
            nobody told of one that does not exist.
    """

    store: Store
    vault: VaultFloor
    trust: Trust
    terms: Terms
    table: WorkTable
    outbox: Outbox
    site: str
    whole: Callable[[], bool]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _overdue: int = 0

    async def sweep(self) -> None:
        """Carry out what was begun, then what is asked for, then what is due by its age."""
        for begun in await self.store.begun():
            await self._carry_out(begun)
        await self._sweep_asked()
        await self._sweep_old()

    async def _sweep_asked(self) -> None:
        asked = await self.store.asked(_PAGE)
        lives = await self._lives(asked)
        ended = [card for card in asked if card in lives and lives[card].ended_at]
        if ended:
            await self._erase(Cause.REQUEST, dict.fromkeys(ended, _ALL))
        for card in set(asked) - set(ended):
            _log.warning("not erased: its end is not known here", extra={"card_id": card})

    async def _sweep_old(self) -> None:
        overdue = 0
        async for page in self.vault.old(self.now() - self.terms.shortest, _PAGE):
            lives, now = await self._lives(page), self.now()
            due = {card: self.terms.due(life, now) for card, life in lives.items()}
            await self._erase(
                Cause.RETENTION, {c: sections for c, sections in due.items() if sections}
            )
            await self._erase(Cause.ORPHAN, await self._orphans(page, lives, now))
            overdue += sum(self.terms.overdue(life, now) for life in lives.values())
        if overdue != self._overdue:
            self._overdue = overdue
            _log.warning("%d cards keep data past their time: they are not at their end", overdue)

    async def _orphans(
        self, page: Mapping[str, datetime], lives: Mapping[str, Life], now: datetime
    ) -> dict[str, Collection[str]]:
        """Return rows of no card. A card whose log has a gap is one, and so may any be, then."""
        old = [c for c, at in page.items() if c not in lives and self.terms.orphan_due(at, now)]
        if not old or not self.whole():
            return {}
        told = await self.store.events(old)
        return dict.fromkeys((card for card in old if card not in told), _ALL)

    async def _lives(self, cards: Collection[str]) -> dict[str, Life]:
        """Return what the log says of these cards; one that it does not tell whole is left out."""
        lives = await self.store.ended(cards)
        for card, events in (await self.store.events(set(cards) - lives.keys())).items():
            try:
                for event in events:
                    await self.trust.check(event)
            except SignatureError as error:
                extra = {"card_id": card, "code": error.code}
                _log.error("a card's events are not to be trusted", extra=extra)
                continue
            life = life_of(card, events)
            if life is not None:
                lives[card] = life
        return lives

    async def _erase(self, cause: Cause, wanted: Mapping[str, Collection[str]]) -> None:
        """Erase these sections of these cards, in one erasure with one report."""
        found = await self.vault.inventory(wanted) if wanted else {}
        cards = {c: own for c, own in found.items() if own or cause is Cause.REQUEST}
        if not cards:
            return
        whole = frozenset(card for card in cards if set(wanted[card]) == _ALL)
        await self._carry_out(await self.store.intend(Intent(str(uuid7()), cause, cards, whole)))

    async def _carry_out(self, begun: Begun) -> None:
        intent = begun.intent
        await self.vault.destroy({s: own for s in SECTIONS if (own := intent.cards_of(s))})
        report = report_of(intent, self.site, begun.intended_at, self.now())
        digest = hashlib.sha256(report).digest()
        lives = await self._lives(intent.whole)
        entries = await self.outbox.sign_unasked(_facts(intent, digest))
        async with self.store.pool.acquire() as db, db.transaction():
            await self.store.close(db, intent, lives, report, digest)
            filed = await self.table.answer(db, entries) if entries else []
        _COUNT.add(len(intent.cards), {"cause": intent.cause})
        extra = {"count": len(intent.cards), "cause": intent.cause.value}
        _log.info("erasure %s: %d cards", intent.erasure_id, len(intent.cards), extra=extra)
        await self.outbox.send(filed)


def _facts(intent: Intent, digest: bytes) -> list[Statement]:
    """State the erasure of each card; rows of no card are told by the report alone."""
    if intent.cause is Cause.ORPHAN:
        return []
    return [
        Statement(
            f"{card}.{intent.erasure_id}",
            card,
            "",
            Erased(tuple(s for s in SECTIONS if s in sections), intent.cause.value, digest),
        )
        for card, sections in intent.cards.items()
    ]
