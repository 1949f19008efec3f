"""Erasures as the log states them, set against the reports that are kept and what is left. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cardwright.card.events import Erased
from cardwright.eventlog.codec import LoggedEvent

__all__ = [
    "ErasedCard",
    "ErasureCode",
    "ErasureFinding",
    "ErasureReport",
    "KeptReport",
    "reconcile",
]

_UNSTATED = "orphan"
"""Rows of no card: there is no stream that could state them."""


class ErasureCode(StrEnum):
    """What does not add up."""

    REPORT_MISSING = "ERASURE_REPORT_MISSING"
    """The log names a report that nobody has."""
    REPORT_CHANGED = "ERASURE_REPORT_CHANGED"
    """A report is not what its digest says."""
    SECTIONS_DIFFER = "ERASURE_SECTIONS_DIFFER"
    """The log states other sections of a card than its report."""
    UNSTATED = "ERASURE_UNSTATED"
    """A report names a card whose log does not state it (yet)."""
    DATA_LEFT = "ERASURE_DATA_LEFT"
    """Something of an erased card's sections is in the vault."""


@dataclass(frozen=True, slots=True)
class ErasureFinding:
    """What does not add up, and with which card or report (``subject``)."""

    code: ErasureCode
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it is kept, and the digest beside it."""

    digest: bytes
    report: bytes


@dataclass(frozen=True, slots=True)
class ErasedCard:
    """What the log states of a card."""

    card_id: str
    at: datetime
    cause: str
    sections: tuple[str, ...]
    report: str


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """All erasures of the log, how many reports there are, and what does not add up."""

    cards: tuple[ErasedCard, ...]
    reports: int
    orphans: int
    findings: tuple[ErasureFinding, ...]


def reconcile(
    events: Iterable[LoggedEvent],
    reports: Sequence[KeptReport],
    left: Mapping[str, Collection[str]],
) -> ErasureReport:
    """Set the three against each other.

    Args:
        events: of the log, any that state no erasure among them.
        reports: all that are kept.
        left: the sections that hold rows or data keys, by card.
    """
    erased = [(event, event.fact.body) for event in events if isinstance(event.fact.body, Erased)]
    kept = {each.digest: each.report for each in reports}
    sound = {d: text for d, text in kept.items() if hashlib.sha256(text).digest() == d}
    cards = {digest: _sections(text) for digest, text in sound.items()}
    findings = [
        ErasureFinding(ErasureCode.REPORT_CHANGED, digest.hex(), "its SHA-256 is another")
        for digest in kept.keys() - sound.keys()
    ]
    stated: set[tuple[str, bytes]] = set()
    for event, body in erased:
        stated.add((event.stream_id, body.report_digest))
        findings += _of_event(event.stream_id, body, kept, cards)
        still = sorted(set(body.sections) & set(left.get(event.stream_id, ())))
        if still:
            findings.append(
                ErasureFinding(ErasureCode.DATA_LEFT, event.stream_id, ", ".join(still))
            )
    orphans = 0
    for digest, own in cards.items():
        if json.loads(sound[digest])["cause"] == _UNSTATED:
            orphans += len(own)
            continue
        findings += [
            ErasureFinding(ErasureCode.UNSTATED, card, f"report {digest.hex()}")
            for card in own
            if (card, digest) not in stated
        ]
    told = tuple(
        ErasedCard(e.stream_id, e.recorded_at, b.cause, b.sections, b.report_digest.hex())
        for e, b in erased
    )
    return ErasureReport(told, len(reports), orphans, tuple(findings))


def _sections(report: bytes) -> dict[str, set[str]]:
    return {card: set(sections) for card, sections in json.loads(report)["cards"].items()}


def _of_event(
    card_id: str,
    body: Erased,
    kept: Mapping[bytes, bytes],
    cards: Mapping[bytes, Mapping[str, set[str]]],
) -> list[ErasureFinding]:
    digest = body.report_digest
    if digest not in kept:
        return [ErasureFinding(ErasureCode.REPORT_MISSING, card_id, f"report {digest.hex()}")]
    if digest in cards and cards[digest].get(card_id) != set(body.sections):
        return [ErasureFinding(ErasureCode.SECTIONS_DIFFER, card_id, f"report {digest.hex()}")]
    return []
