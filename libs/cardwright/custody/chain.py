"""The chain of one stream: every event names the hash of the event before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from cardwright.custody.errors import ChainError
from cardwright.custody.merkle import leaf_hash

__all__ = ["ChainError", "ChainHead", "check_link", "event_hash"]


def event_hash(event_bytes: bytes) -> bytes:
    """Hash an event's bytes as they were stored: the RFC 6962 leaf hash."""
    return leaf_hash(event_bytes)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last event of a stream: its place, from 1, and its hash.

    Sequence 0 and an empty hash are a stream that has no event yet.
    """

    stream_id: str
    sequence: int = 0
    hash: bytes = b""

    def extend(self, event_bytes: bytes) -> Self:
        """Return the head after one more event; check its link first, with `check_link`."""
        return type(self)(self.stream_id, self.sequence + 1, event_hash(event_bytes))


def check_link(head: ChainHead, stream_id: str, sequence: int, previous_hash: bytes) -> None:
    """Check that an event is the very next of its stream.

    Raises:
        ChainError: CHAIN_STREAM (another stream's), CHAIN_GAP (not the next number) or
            CHAIN_PREVIOUS (another history).
    """
    if stream_id != head.stream_id:
        raise ChainError(
            "CHAIN_STREAM",
            f"An event of {stream_id} does not continue the stream {head.stream_id}.",
        )
    if sequence != head.sequence + 1:
        raise ChainError(
            "CHAIN_GAP", f"{stream_id} goes on with {head.sequence + 1}, not with {sequence}."
        )
    if previous_hash != head.hash:
        raise ChainError(
            "CHAIN_PREVIOUS",
            f"Event {sequence} of {stream_id} names another predecessor: a history was changed.",
        )
