"""What is fuzzed: a function that takes any octets, and inputs to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Target", "pack", "unpack"]

_LONGEST = 255


@dataclass(frozen=True)
class Target:
    """One thing that reads what strangers send.

    Attributes:
        name: as the command line has it.
        what: for people.
        run: takes any octets. What it raises is a finding: it compares with a second reader, or
            with what the reader itself would write, wherever there is one.
        seeds: inputs that get deep, made by the project's own code.
    """

    name: str
    what: str
    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def pack(parts: Iterable[bytes]) -> bytes:
    """Join commands, or answers, each behind its length in one octet; longer ones are cut."""
    return b"".join(bytes((len(part[:_LONGEST]),)) + part[:_LONGEST] for part in parts)


def unpack(data: bytes) -> Iterator[bytes]:
    """Undo ``pack``; of any octets. The last part may be cut short."""
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        yield data[at + 1 : end]
        at = end
