"""Production control: which orders are out, which wait for room, which must be sent again."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cardwright.card import STATION_OF, Cancel, Card, Operation, Order, next_step

__all__ = ["Control", "Handout"]

_LONGEST_PAUSE, _LONGEST_PATIENCE = 16, 360
"""Multiples of the first pause before an order is sent again."""
_LIE_BY = frozenset({Operation.MAIL_PIN})
"""Operations that their station lets lie for hours on purpose: such an order keeps none waiting."""


@dataclass(frozen=True, slots=True)
class Handout:
    """An order to hand out, or to withdraw."""

    card: Card
    step: Order | Cancel

    @property
    def station(self) -> str:
        """Whom it concerns."""
        return STATION_OF[self.step.operation]

    @property
    def cancels(self) -> bool:
        """It withdraws the order."""
        return isinstance(self.step, Cancel)

    @property
    def counts(self) -> bool:
        """It takes room at its station."""
        lies_by = self.step.operation in _LIE_BY
        return not (self.card.express or self.cancels or lies_by)

    @property
    def patience(self) -> int:
        """How far the pause grows before it is sent again, in first pauses."""
        return _LONGEST_PATIENCE if self.step.operation in _LIE_BY else _LONGEST_PAUSE


@dataclass(slots=True)
class _Out:
    order_id: str
    station: str
    cancel: bool
    counted: bool
    again_at: float
    pause: float
    patience: int


class Control:
    """Keeps at most ``cap`` batch orders out at each station; express orders and cancels pass.

    Nothing here is stored: what is outstanding follows from the cards' states, so a restart hands
    it out again, and stations drop what they know. Times are seconds of any monotonic clock.
    """

    def __init__(self, cap: int, resend_after: float) -> None:
        self._cap = cap
        self._resend_after = resend_after
        self._out: dict[str, _Out] = {}
        self._counts: Counter[str] = Counter()
        self._queues: defaultdict[str, deque[str]] = defaultdict(deque)
        self._queued: dict[str, str] = {}

    def clear(self) -> None:
        """Forget everything: what follows from the cards' states is to be told again."""
        self._out.clear()
        self._counts.clear()
        self._queues.clear()
        self._queued.clear()

    def follow(self, card: Card, now: float) -> Iterator[Handout]:
        """Take note of a card's new state; yields what it makes necessary at once."""
        step = next_step(card)
        out = self._out.get(card.card_id)
        wanted = step if isinstance(step, Order | Cancel) else None
        if out is not None and not self._still(out, card, wanted):
            self._close(card.card_id, out)
            out = None
        if wanted is None:
            self._queued.pop(card.card_id, None)
        elif out is None:
            handout = Handout(card, wanted)
            if self._must_wait(handout):
                self._queue(handout)
            else:
                yield self._hand_out(handout, now)

    def freed(self, lookup: Callable[[str], Card | None], now: float) -> Iterator[Handout]:
        """Yield orders that found room since, in the order they queued."""
        for station, queue in self._queues.items():
            while queue and self._counts[station] < self._cap:
                card_id = queue.popleft()
                if self._queued.get(card_id) != station:
                    continue
                del self._queued[card_id]
                card = lookup(card_id)
                step = next_step(card) if card is not None else None
                if card is not None and isinstance(step, Order | Cancel):
                    yield self._hand_out(Handout(card, step), now)

    def overdue(self, lookup: Callable[[str], Card | None], now: float) -> Iterator[Handout]:
        """Yield what was handed out long ago and is still unanswered; pauses double each time."""
        for card_id, out in self._out.items():
            if out.again_at > now:
                continue
            out.pause = min(out.pause * 2, out.patience * self._resend_after)
            out.again_at = now + out.pause
            card = lookup(card_id)
            step = next_step(card) if card is not None else None
            if card is not None and isinstance(step, Order | Cancel):
                yield Handout(card, step)

    def open_orders(self) -> int:
        """Return how many orders are out, of either lane."""
        return len(self._out)

    def _still(self, out: _Out, card: Card, wanted: Order | Cancel | None) -> bool:
        if wanted is None:
            # Held after the order went out: it may still be answered.
            return out.order_id == card.order_id and card.due is not None
        return out.order_id == card.order_id and out.cancel == isinstance(wanted, Cancel)

    def _must_wait(self, handout: Handout) -> bool:
        """Say whether there is no room, or room that others have waited for longer."""
        full = self._counts[handout.station] >= self._cap or self._queues[handout.station]
        return handout.counts and bool(full)

    def _queue(self, handout: Handout) -> None:
        card_id, station = handout.card.card_id, handout.station
        if self._queued.get(card_id) != station:
            self._queued[card_id] = station
            self._queues[station].append(card_id)

    def _hand_out(self, handout: Handout, now: float) -> Handout:
        card, station = handout.card, handout.station
        cancel, counted = handout.cancels, handout.counts
        self._queued.pop(card.card_id, None)
        self._counts[station] += counted
        pause = self._resend_after
        self._out[card.card_id] = _Out(
            card.order_id, station, cancel, counted, now + pause, pause, handout.patience
        )
        return handout

    def _close(self, card_id: str, out: _Out) -> None:
        del self._out[card_id]
        self._counts[out.station] -= out.counted
