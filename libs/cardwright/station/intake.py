"""What an intake implements: a service that reads what comes from outside and answers no order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.bus.message import Inbound
from cardwright.card import Body
from cardwright.station.ports import Transaction

__all__ = ["Intake", "IntakeResult", "NewDeadLetter", "NewFact"]


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that opens a stream.

    Attributes:
        stream_id: the stream, a UUIDv7.
        body: what is stated.
        lane_express: it goes by the express lane.
    """

    stream_id: str
    body: Body
    lane_express: bool


@dataclass(frozen=True, slots=True)
class NewDeadLetter:
    """A message that nobody can be told about. ``detail`` holds none of its content."""

    message: Inbound
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """What a batch of messages comes to: each message is one fact or one dead letter."""

    facts: Sequence[NewFact]
    dead: Sequence[NewDeadLetter]


class Intake(Protocol):
    """Turns messages from outside into facts."""

    async def handle(self, messages: Sequence[Inbound], tx: Transaction) -> IntakeResult:
        """Judge every message, within ``tx``.

        Raising rolls everything back and the batch is tried again: raise for passing faults alone.
        """
