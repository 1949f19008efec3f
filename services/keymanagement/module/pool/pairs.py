"""Pairs between maker and card: sealed by who makes them, opened by who certifies them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cardwright.emv.rsa import ClearRsa
from cardwright.hsm.port import HsmError, Pool
from cardwright.vault.sealing import Sealer
from services.keymanagement.module.keys import Algorithm, Family
from services.keymanagement.module.pool.marks import Marks
from services.keymanagement.module.pool.store import Demand, PairStore, SealedPair, Taken
from services.keymanagement.module.sections import Sections
from services.keymanagement.module.values import rsa_private, rsa_value

__all__ = ["PAIR", "CardPair", "PairPool", "seal_pairs"]

PAIR: Final = "pair"
"""What pairs are sealed to: nobody's section, the module alone opens it."""

CardPair = tuple[int, ClearRsa]
"""A pair's number in its pool, and the key."""


def seal_pairs(sealer: Sealer, keys: Sequence[ClearRsa]) -> list[SealedPair]:
    """Seal fresh pairs; whoever does it needs no secret, and can't open them again."""
    named = {os.urandom(16).hex(): key for key in keys}
    sealed = sealer.seal_batch(PAIR, {name: rsa_value(key).reveal() for name, key in named.items()})
    return [
        SealedPair(
            name,
            sha256(key.modulus).digest(),
            8 * len(key.modulus),
            key.exponent,
            sealed[name],
        )
        for name, key in named.items()
    ]


class PairPool:
    """The pool as verbs see it.

    Args:
        store: the pool's file.
        marks: which sizes are made.
    """

    def __init__(self, store: PairStore, marks: Sequence[Marks]) -> None:
        self._store = store
        self._marks = tuple(marks)

    def require_size(self, demand: Demand) -> None:
        """Refuse a size that nobody makes, which waiting would not mend.

        Raises:
            HsmError: POOL_SIZE.
        """
        if (demand.bits, demand.exponent) not in {each.size for each in self._marks}:
            raise HsmError(
                "POOL_SIZE",
                f"No pool of RSA-{demand.bits}/{demand.exponent} is kept: add its marks.",
            )

    def take(self, demands: Sequence[Sequence[Demand]]) -> list[list[Taken] | HsmError]:
        """Claim each card's pairs, all of them or none; POOL_EMPTY passes by waiting."""
        return [
            each
            if each is not None
            else HsmError("POOL_EMPTY", "The pool has no key pair left: it is being filled.")
            for each in self._store.take(demands)
        ]

    def open(self, sections: Sections, demand: Demand, taken: Taken) -> CardPair:
        """Open a pair for its holder.

        Raises:
            HsmError: as ``Sections.open``.
            SealingError: likewise.
        """
        value = sections.open(PAIR, taken.pair_id, taken.sealed)
        algorithm = Algorithm(Family.RSA, demand.bits, demand.exponent)
        return taken.number, rsa_private(algorithm, value)

    def state(self) -> list[Pool]:
        """Tell how full the pool of each size is."""
        ready, used = self._store.ready(), self._store.used()
        return [
            Pool(
                bits=each.bits,
                exponent=each.exponent,
                ready=ready.get(each.size, 0),
                low_water=each.low,
                high_water=each.high,
                used=used.get(each.size, 0),
            )
            for each in self._marks
        ]
