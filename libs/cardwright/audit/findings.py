"""What an audit can find, each with a code that stays the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Code", "Copy", "Finding", "Report"]


class Code(StrEnum):
    """What is wrong."""

    EDITED = "AUDIT_EDITED"
    """An event is not what was recorded, or a column of the log says something else."""
    DROPPED = "AUDIT_DROPPED"
    """An event is missing."""
    REORDERED = "AUDIT_REORDERED"
    """An event stands in another place."""
    ADDED = "AUDIT_ADDED"
    """An event does not belong where it stands."""
    SIGNATURE = "AUDIT_SIGNATURE"
    """Its signer did not sign that, or is not who the fact says it is."""
    REFUSED = "AUDIT_REFUSED"
    """Custody's own rules do not let this fact follow: it cannot have been accepted."""
    NOT_PUBLISHED = "AUDIT_NOT_PUBLISHED"
    """The log has it and the published copy has not."""
    NOT_IN_LOG = "AUDIT_NOT_IN_LOG"
    """The published copy has it and the log has not."""


class Copy(StrEnum):
    """Where it is wrong."""

    LOG = "log"
    EVENTS = "events"
    EITHER = "log or events"
    """The copies differ, and neither is inconsistent in itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong with a stream.

    Attributes:
        code: what is wrong.
        where: in which copy.
        stream_id: the stream; empty if only a position of the log is known.
        sequence: the event of the stream; 0 if only a position is known.
        position: in the log, as far as it is known, else 0.
        detail: what was seen, in words.
    """

    code: Code
    where: Copy
    stream_id: str
    sequence: int
    position: int
    detail: str

    def __str__(self) -> str:
        name = f"event {self.sequence} of {self.stream_id}" if self.stream_id else "an event"
        return f"{self.code} in {self.where}: {name}, position {self.position}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of an audit: one finding a stream at the most, in the order of the log."""

    events: int
    streams: int
    published: int | None
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding | None:
        """What was tampered with first, by the order of the log."""
        return self.findings[0] if self.findings else None
