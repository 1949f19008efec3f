"""Who holds a request id: the first message that used it, for ever."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from cardwright.card.events import RequestAccepted, RequestRefused

__all__ = ["Claim", "Held", "Position", "Repeated", "Verdict"]

Verdict = RequestAccepted | RequestRefused


@dataclass(frozen=True, slots=True)
class Position:
    """Where a message lies in Kafka."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A judged message that wants its request id.

    Attributes:
        position: where the message lies.
        digest: SHA-256 of its value. The value is sealed with a fresh key, so nothing can be
            guessed from the digest.
        stream_id: the UUIDv7 of the card or refusal, if the claim is granted.
        verdict: what the rules say.
    """

    position: Position
    digest: bytes
    stream_id: UUID
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Held:
    """The message holds its request id: from now on, or (redelivered) since it first came.

    Attributes:
        stream_id: as first granted.
        verdict: as first judged; the rules are not asked again.
        new: from now on.
    """

    stream_id: UUID
    verdict: Verdict
    new: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """Another message holds the request id.

    Attributes:
        stream_id: stream of this message's refusal; the same at each redelivery.
        same_content: the other message is the same, octet for octet.
    """

    stream_id: UUID
    same_content: bool
