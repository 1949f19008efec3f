"""What the security module tells of itself: changes of its keys, and its pools of key pairs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["JournalEntry", "Pool"]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of one key; fields as in security_module.proto. Entries are chained by hash."""

    entry: int
    hash: bytes
    key_id: str
    change: str
    state: str
    usage: str
    algorithm: str
    kcv: bytes
    environment: str
    owner: str
    custodians: tuple[str, ...] = ()
    minutes: bytes = b""


@dataclass(frozen=True, slots=True)
class Pool:
    """RSA key pairs of one size that are ready to be used once.

    Attributes:
        bits: of the modulus.
        exponent: public.
        ready: pairs.
        low_water: below this the makers work at full strength.
        high_water: at this they rest.
        used: pairs used since the pool was made.
    """

    bits: int
    exponent: int
    ready: int
    low_water: int
    high_water: int
    used: int
