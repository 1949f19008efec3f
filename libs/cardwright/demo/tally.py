"""What is known of the requests of a run, from outcomes and dead letters alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cardwright.proto.outcome.v1 import outcome_pb2 as pb

__all__ = ["ProductTally", "Tally"]

_ENDS = {
    pb.OUTCOME_KIND_REFUSED,
    pb.OUTCOME_KIND_DISPATCHED,
    pb.OUTCOME_KIND_PIN_MAILED,
    pb.OUTCOME_KIND_REVOKED,
}


@dataclass(slots=True)
class ProductTally:
    """One row of the closing table."""

    requested: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    remade: int = 0
    dispatched: int = 0
    mailed: int = 0
    first: float = 0.0
    last: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first request accepted or refused to the last card dispatched."""
        return max(0.0, self.last - self.first)

    def told(self) -> dict[str, object]:
        """Return the row for programs."""
        return {
            "requested": self.requested,
            "refused": dict(self.refused),
            "remade": self.remade,
            "dispatched": self.dispatched,
            "pins_mailed": self.mailed,
            "seconds": round(self.seconds, 1),
        }


@dataclass(slots=True)
class Tally:
    """Counts a run. Outcomes come at least once: what was seen is dropped."""

    products: dict[str, str]
    expected: int
    mailing: frozenset[str] = frozenset()
    """Products whose cards end with the mailing of their PIN, and not with their dispatch."""
    rows: dict[str, ProductTally] = field(default_factory=dict)
    stage: dict[str, str] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    dead: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, int]] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)
    _letters: set[str] = field(default_factory=set)

    @property
    def done(self) -> int:
        """How many requests have come to their end."""
        return len(self._ended) + len(self._letters)

    @property
    def finished(self) -> bool:
        """Every request has."""
        return self.done >= self.expected

    def outcome(self, outcome: pb.Outcome) -> bool:
        """Count an outcome; returns whether it is news of this run."""
        key = (outcome.card_id, outcome.sequence)
        if outcome.request_id not in self.products or key in self._seen:
            return False
        self._seen.add(key)
        row = self.rows.setdefault(self.products[outcome.request_id], ProductTally())
        self.stage[outcome.card_id] = pb.OutcomeKind.Name(outcome.kind).removeprefix(
            "OUTCOME_KIND_"
        )
        self._count(row, outcome)
        if outcome.kind in _ENDS and not self._mails(outcome):
            self._ended.add(outcome.card_id)
        return True

    def letter(self, place: str, code: str) -> None:
        """Count a dead letter."""
        if place not in self._letters:
            self._letters.add(place)
            self.dead[code] += 1

    def stages(self, product: str) -> Counter[str]:
        """Return how many cards of a product stand at each stage."""
        return Counter(
            stage for card, stage in self.stage.items() if self.cards.get(card) == product
        )

    def _mails(self, outcome: pb.Outcome) -> bool:
        """Say whether a dispatched card's PIN is still to come."""
        mails = self.products[outcome.request_id] in self.mailing
        return mails and outcome.kind == pb.OUTCOME_KIND_DISPATCHED

    def _count(self, row: ProductTally, outcome: pb.Outcome) -> None:
        at = outcome.recorded_at.ToNanoseconds() / 1e9
        if outcome.card_id not in self.cards:
            self.cards[outcome.card_id] = self.products[outcome.request_id]
            row.requested += 1
            row.first = min(row.first or at, at)
        if outcome.kind == pb.OUTCOME_KIND_REFUSED:
            row.refused[outcome.code] += 1
        elif outcome.kind == pb.OUTCOME_KIND_REMADE:
            row.remade += 1
        elif outcome.kind == pb.OUTCOME_KIND_DISPATCHED:
            row.dispatched += 1
            row.last = max(row.last, at)
        elif outcome.kind == pb.OUTCOME_KIND_PIN_MAILED:
            row.mailed += 1
