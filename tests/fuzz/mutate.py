"""Inputs from seeds by chance, the same ones for the same number: where no guide is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

__all__ = ["inputs"]

_TELLING = (0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x83, 0xFE, 0xFF, 0x1F, 0x70, 0x9F)
"""Octets that mean something to parsers of lengths and tags."""

_LONGEST = 2048


def inputs(seeds: Sequence[bytes], runs: int, number: int) -> Iterator[bytes]:
    """Yield the seeds, then ``runs`` inputs made of them.

    Args:
        seeds: one at least.
        runs: how many.
        number: chooses them: the same number, the same inputs.
    """
    yield from seeds
    chance = Random(number)
    for _ in range(runs):
        data = bytearray(chance.choice(seeds))
        for _ in range(1 + min(int(chance.expovariate(0.5)), 12)):
            _change(data, chance, seeds)
        yield bytes(data[:_LONGEST])


def _change(data: bytearray, chance: Random, seeds: Sequence[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(data):
            data[at] = chance.choice(_TELLING)
        case 2:
            data[at:at] = chance.randbytes(chance.randint(1, 4))
        case 3:
            del data[at : at + chance.randint(1, 8)]
        case 4:
            data[at:at] = data[at : at + chance.randint(1, 16)]
        case 5:
            other = chance.choice(seeds)
            data[at:] = other[chance.randrange(len(other) + 1) :]
        case _ if at < len(data):
            data[at] = chance.randrange(256)
