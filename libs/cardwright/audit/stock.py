"""Reconciling the stock with the events: where is every blank, and every PIN mailer form? Pure.

A blank is *in* when a lot is received, *loaded* when the lot is issued to a device, *used* when a
fact first names its serial, and it ends *dispatched* or *destroyed*; between, it is *in process*.
A numbered form is counted likewise, its lot being its serial up to the last hyphen: a mailed one is
*dispatched*, one that its machine shredded is *destroyed*, one that a person must look for is *in
process*. For each material the counts must fit into one another, and each serial must belong to one
attempt at one card. This is what the chain of custody cannot show by itself: that facts are true.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from cardwright.card import Card, apply
from cardwright.card import events as e
from cardwright.eventlog.codec import LoggedEvent

__all__ = ["LotLine", "MaterialLine", "StockCode", "StockCount", "StockFinding", "StockReport"]


class StockCode(StrEnum):
    """What does not add up."""

    OVERISSUED = "STOCK_OVERISSUED"
    """More blanks of a lot were loaded than received."""
    OVERUSED = "STOCK_OVERUSED"
    """More blanks of a material were used than loaded."""
    BLANK_TWICE = "STOCK_BLANK_TWICE"
    """A serial was used for more than one attempt."""
    BLANK_TWO_ENDS = "STOCK_BLANK_TWO_ENDS"
    """A blank ended more than once: dispatched and destroyed, or either twice."""


@dataclass(frozen=True, slots=True)
class StockFinding:
    """What does not add up, and with which lot, material or blank (``subject``)."""

    code: StockCode
    subject: str
    detail: str


@dataclass(slots=True)
class LotLine:
    """One lot. ``left`` is what should still be in the store."""

    lot: str
    material: str = ""
    received: int = 0
    issued: int = 0

    @property
    def left(self) -> int:
        """Blanks in the store."""
        return self.received - self.issued


@dataclass(slots=True)
class MaterialLine:
    """One material, over all lots and devices."""

    material: str
    received: int = 0
    issued: int = 0
    used: int = 0
    dispatched: int = 0
    destroyed: int = 0

    @property
    def loaded(self) -> int:
        """Blanks that should lie in devices."""
        return self.issued - self.used

    @property
    def in_process(self) -> int:
        """Blanks that are becoming cards, or wait for a person."""
        return self.used - self.dispatched - self.destroyed


@dataclass(frozen=True, slots=True)
class StockReport:
    """The count, by lot and by material, and what does not add up."""

    lots: tuple[LotLine, ...]
    materials: tuple[MaterialLine, ...]
    findings: tuple[StockFinding, ...]


@dataclass(slots=True)
class _Blank:
    card_id: str
    attempt: int
    end: str = ""


@dataclass(slots=True)
class StockCount:
    """Takes events, each stream's in sequence, and counts. Memory: one entry a card and a blank."""

    _cards: dict[str, Card] = field(default_factory=dict)
    _material_of: dict[str, str] = field(default_factory=dict)
    _blanks: dict[str, _Blank] = field(default_factory=dict)
    _forms: dict[str, _Blank] = field(default_factory=dict)
    _lots: dict[str, LotLine] = field(default_factory=dict)
    _ends: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _findings: list[StockFinding] = field(default_factory=list)

    def take(self, event: LoggedEvent) -> None:
        """Count one event."""
        body, stream_id = event.fact.body, event.stream_id
        if isinstance(body, e.LotReceived):
            line = self._lots.setdefault(body.lot, LotLine(body.lot))
            line.material = body.material
            line.received += body.quantity
        elif isinstance(body, e.LotIssued):
            self._lots.setdefault(body.lot, LotLine(body.lot)).issued += body.quantity
        else:
            self._take_card(stream_id, event)

    def report(self) -> StockReport:
        """Return the count."""
        materials: dict[str, MaterialLine] = {}
        for lot in self._lots.values():
            line = materials.setdefault(lot.material, MaterialLine(lot.material))
            line.received += lot.received
            line.issued += lot.issued
        for blank in self._blanks.values():
            material = self._material_of.get(blank.card_id, "")
            materials.setdefault(material, MaterialLine(material)).used += 1
        for material, ends in self._ends.items():
            line = materials.setdefault(material, MaterialLine(material))
            line.dispatched, line.destroyed = ends["dispatched"], ends["destroyed"]
        for serial, form in self._forms.items():
            of = self._lots.get(serial.rpartition("-")[0])
            material = of.material if of else ""
            line = materials.setdefault(material, MaterialLine(material))
            line.used += 1
            line.dispatched += form.end == "dispatched"
            line.destroyed += form.end == "destroyed"
        return StockReport(
            lots=tuple(sorted(self._lots.values(), key=lambda line: line.lot)),
            materials=tuple(sorted(materials.values(), key=lambda line: line.material)),
            findings=(*self._findings, *self._over(materials)),
        )

    def _take_card(self, stream_id: str, event: LoggedEvent) -> None:
        body = event.fact.body
        before = self._cards.get(stream_id) or Card(stream_id)
        after = self._cards[stream_id] = apply(before, event.fact)
        if isinstance(body, e.Prepared):
            self._material_of[stream_id] = body.material
        serial = getattr(body, "blank_serial", "")
        if serial:
            self._use(self._blanks, serial, stream_id, before.attempt)
        if isinstance(body, e.Destroyed):
            self._end(serial, stream_id, "destroyed")
        elif isinstance(body, e.Dispatched) and before.blank_serial:
            self._end(before.blank_serial, stream_id, "dispatched")
        form = getattr(body, "form_serial", "")
        if form:
            used = self._use(self._forms, form, stream_id, before.attempt)
            used.end = used.end or _end_of_form(body)
        if after.status.terminal:
            del self._cards[stream_id]

    def _use(self, pieces: dict[str, _Blank], serial: str, card_id: str, attempt: int) -> _Blank:
        blank = pieces.setdefault(serial, _Blank(card_id, attempt))
        if (blank.card_id, blank.attempt) != (card_id, attempt):
            what = (
                f"used for attempt {blank.attempt} at {blank.card_id}"
                f" and for attempt {attempt} at {card_id}"
            )
            self._find(StockCode.BLANK_TWICE, serial, what)
        return blank

    def _end(self, serial: str, card_id: str, end: str) -> None:
        blank = self._blanks[serial]
        if blank.end:
            self._find(StockCode.BLANK_TWO_ENDS, serial, f"{blank.end}, then {end}")
            return
        blank.end = end
        self._ends[self._material_of.get(card_id, "")][end] += 1

    def _over(self, materials: dict[str, MaterialLine]) -> list[StockFinding]:
        return [
            StockFinding(
                StockCode.OVERISSUED, lot.lot, f"{lot.issued} issued of {lot.received} received"
            )
            for lot in self._lots.values()
            if lot.left < 0
        ] + [
            StockFinding(
                StockCode.OVERUSED, line.material, f"{line.used} used of {line.issued} issued"
            )
            for line in materials.values()
            if line.loaded < 0
        ]

    def _find(self, code: StockCode, subject: str, detail: str) -> None:
        finding = StockFinding(code, subject, detail)
        if finding not in self._findings:
            self._findings.append(finding)


def _end_of_form(body: e.Body) -> str:
    if isinstance(body, e.PinMailed):
        return "dispatched"
    spoiled = isinstance(body, e.OperationFailed) and body.disposition is e.Disposition.SPOILED
    return "destroyed" if spoiled else ""
