"""Faults to order: which of the coming cards a machine will fail, and how. Seeded, repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cardwright.devices.errors import DeviceError

__all__ = ["FaultPlan", "Rule", "parse_rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a fault strikes; exactly one of the three is set.

    Attributes:
        every: each n-th card from the moment the rule is set.
        chance: each card with this probability, 0 to 1.
        next: the next n cards, then never again.
    """

    every: int = 0
    chance: float = 0.0
    next: int = 0

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Rule:
        """Build a rule from a FAULT command's fields; BAD_FAULT unless one of them is right."""
        given = {name: fields[name] for name in ("every", "chance", "next") if name in fields}
        name, value = next(iter(given.items()), ("", None))
        whole = type(value) is int and value > 0
        probable = type(value) in {int, float} and value is not None and 0 < value <= 1
        if len(given) != 1 or not (probable if name == "chance" else whole):
            raise DeviceError("BAD_FAULT", "give one of every=N, next=N (N > 0), chance=0..1")
        assert value is not None
        return replace(cls(), **{name: value})


class FaultPlan:
    """The rules in force on one machine.

    Args:
        known: the faults that this machine can have.
        seed: where its chances start, so that a run can be repeated.
    """

    def __init__(self, known: Iterable[str], seed: int = 0) -> None:
        self._known = frozenset(known)
        self._rules: dict[str, Rule] = {}
        self._seen: dict[str, int] = {}
        # Each fault draws from its own source: adding one rule leaves the others' luck alone.
        self._luck = {name: random.Random(f"{seed}/{name}") for name in self._known}  # noqa: S311  no secret

    def set(self, fault: str, rule: Rule | None) -> None:
        """Put a rule in force, or lift it with None; UNKNOWN_FAULT lists what there is."""
        if fault not in self._known:
            raise DeviceError("UNKNOWN_FAULT", f"this machine can have: {sorted(self._known)}")
        self._seen[fault] = 0
        if rule is None:
            self._rules.pop(fault, None)
        else:
            self._rules[fault] = rule

    def command(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a FAULT command: set, lift ("off": true), or only list the rules."""
        if "fault" in fields:
            rule = None if fields.get("off") is True else Rule.of(fields)
            self.set(str(fields["fault"]), rule)
        return {"known": sorted(self._known), "rules": sorted(self._rules)}

    def draw(self) -> frozenset[str]:
        """What the next card will suffer; to be drawn once for each card."""
        return frozenset(fault for fault in sorted(self._rules) if self._strikes(fault))

    def _strikes(self, fault: str) -> bool:
        rule = self._rules[fault]
        self._seen[fault] += 1
        if rule.every:
            return self._seen[fault] % rule.every == 0
        if rule.next:
            if self._seen[fault] == rule.next:
                del self._rules[fault]
            return True
        return self._luck[fault].random() < rule.chance


def parse_rule(text: str) -> tuple[str, Rule]:
    """Read a command line's ``FAULT:every=N``, ``FAULT:chance=P`` or ``FAULT:next=N``."""
    fault, _, condition = text.partition(":")
    name, _, value = condition.partition("=")
    try:
        number = float(value) if name == "chance" else int(value)
    except ValueError as wrong:
        raise DeviceError("BAD_FAULT", "write FAULT:every=N, :chance=P or :next=N") from wrong
    return fault, Rule.of({name: number})
