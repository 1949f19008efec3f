"""All targets by name."""

from __future__ import annotations

from typing import Final

from tests.fuzz.cards import CARDS
from tests.fuzz.parsers import PARSERS
from tests.fuzz.target import Target
from tests.fuzz.terminals import TERMINALS

__all__ = ["TARGETS"]

TARGETS: Final[dict[str, Target]] = {
    target.name: target for target in (*PARSERS, *CARDS, *TERMINALS)
}
