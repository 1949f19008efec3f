"""The topics' names. Partition counts are fixed at creation: adding partitions remaps keys."""

from __future__ import annotations

__all__ = [
    "DEAD_LETTERS",
    "EVENTS",
    "FACTS",
    "FACTS_EXPRESS",
    "facts",
    "orders",
    "outcomes",
    "requests",
]

FACTS = "facts"
FACTS_EXPRESS = "facts.express"
EVENTS = "events"
DEAD_LETTERS = "dead-letters"


def requests(issuer: str) -> str:
    """Return the topic an issuer produces to."""
    return f"requests.{issuer}"


def outcomes(issuer: str) -> str:
    """Return the topic an issuer reads."""
    return f"outcomes.{issuer}"


def orders(station: str, site: str, *, express: bool = False) -> str:
    """Return the topic a station of a site reads; the express lane is one of its own."""
    return f"orders.{station}.{site}" + (".express" if express else "")


def facts(*, express: bool = False) -> str:
    """Return the topic a station writes."""
    return FACTS_EXPRESS if express else FACTS
