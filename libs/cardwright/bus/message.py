"""Messages as services see them; headers follow CloudEvents binary mode and W3C trace context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Inbound", "Outbound", "headers", "is_express"]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as it was read. What comes from outside may have anything as its key."""

    topic: str
    partition: int
    offset: int
    key: bytes | None = field(repr=False)
    value: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def express(self) -> bool:
        """It came by the express lane."""
        return is_express(self.topic)


def is_express(topic: str) -> bool:
    """Tell whether a topic is an express lane."""
    return topic.endswith(".express")


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message to be sent."""

    topic: str
    key: str
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = ()


def headers(
    kind: str, source: str, message_id: str, traceparent: str = ""
) -> tuple[tuple[str, bytes], ...]:
    """Build a message's headers.

    Args:
        kind: The CloudEvents type, e.g. ``"cardwright.fact.v1"``.
        source: Who sends it, e.g. ``"printing.site-1"``.
        message_id: Unique with the source; a redelivery repeats it.
        traceparent: The W3C trace context, if the card is traced.
    """
    made = (
        ("ce_specversion", b"1.0"),
        ("ce_type", kind.encode()),
        ("ce_source", source.encode()),
        ("ce_id", message_id.encode()),
    )
    return (*made, ("traceparent", traceparent.encode())) if traceparent else made
