"""Which cards a key has a part in, as the log tells: for the day that the key is compromised."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, field

from cardwright.audit.copy import AuditRow
from cardwright.card import Card, Status, apply
from cardwright.card.events import KeyChanged, KeysDerived, Prepared
from cardwright.eventlog.codec import decode_event

__all__ = ["Affected", "affected_by"]


@dataclass(frozen=True, slots=True)
class Affected:
    """What a key has a part in.

    Attributes:
        key_id: the key, label and version.
        cards: every card that was made, or is being made, with it.
        compromised: whether the log has it that the key is compromised.
    """

    key_id: str
    cards: tuple[Card, ...] = ()
    compromised: bool = field(default=False)

    @property
    def here(self) -> list[Card]:
        """Cards that have not left and are not at their end."""
        return [card for card in self.cards if not card.status.terminal]

    @property
    def gone(self) -> list[Card]:
        """Cards that were dispatched: their holders have them, and need others."""
        return [card for card in self.cards if card.status is Status.DISPATCHED]


async def affected_by(key_id: str, rows: AsyncIterable[AuditRow]) -> Affected:
    """Read the log and find the cards of a key.

    Args:
        key_id: label and version, as KeysDerived and Prepared name it.
        rows: the whole log, each stream in sequence.
    """
    cards: dict[str, Card] = {}
    touched: set[str] = set()
    compromised = False
    async for row in rows:
        fact = decode_event(row.body).fact
        cards[row.stream_id] = apply(cards.get(row.stream_id) or Card(row.stream_id), fact)
        body = fact.body
        if isinstance(body, KeysDerived | Prepared):
            if key_id in {key.master for key in body.keys}:
                touched.add(row.stream_id)
        elif isinstance(body, KeyChanged) and body.key_id == key_id:
            compromised = body.state == "compromised"
    return Affected(key_id, tuple(cards[card] for card in sorted(touched)), compromised)
