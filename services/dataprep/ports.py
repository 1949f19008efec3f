"""What data preparation needs of others: the vault, and its own registry of numbers and cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.station.ports import Transaction
from cardwright.vault.vault import Opened

__all__ = ["Allocation", "Claim", "Registry", "Vault", "Wanted", "WantedCredential"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a payment card is to get if it is here for the first time.

    Attributes:
        number: an account number has to be allocated; the request brought none.
        sequence_number: two digits.
        expiry: YYMM.
    """

    card_id: str
    issuer: str
    number: bool
    sequence_number: str
    expiry: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a card got at its first preparation; ``index`` is None where a number was brought."""

    index: int | None
    sequence_number: str
    expiry: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A card and what no other card may have; ``pan_digest`` is keyed, 32 octets."""

    card_id: str
    pan_digest: bytes
    sequence_number: str
    expiry: str


@dataclass(frozen=True, slots=True)
class WantedCredential:
    """A badge that is to get an access number, and its issuer's range of today.

    Attributes:
        format: the Wiegand format's name.
        facility: the facility code.
        first, last: the range.
    """

    card_id: str
    issuer: str
    format: str
    facility: int
    first: int
    last: int


class Registry(Protocol):
    """What is remembered of cards, none of it secret. Each call is one round trip."""

    async def allocate(self, tx: Transaction, wanted: Sequence[Wanted]) -> dict[str, Allocation]:
        """Return each card's allocation, by card id; the same one every time.

        Indices count from 0 in each issuer's range and are never given twice.
        """

    async def credentials(
        self, tx: Transaction, wanted: Sequence[WantedCredential]
    ) -> dict[str, int]:
        """Return each badge's card number, by card id; the same one every time.

        Numbers go up in each issuer's format and facility, and are never given twice. A card is
        missing where its issuer's range has no number left.
        """

    async def claim(self, tx: Transaction, claims: Sequence[Claim]) -> set[str]:
        """Return the cards that hold what they claim, since now or since an earlier preparation."""

    async def open_cases(self, tx: Transaction, codes: Mapping[str, str]) -> None:
        """Record what a person has to decide about: card id to code."""


class Vault(Protocol):
    """Sealed sections, by card id."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        """Seal and write a section of cards."""

    async def put_sealed(self, section: str, items: Mapping[str, bytes]) -> None:
        """Write a section of cards that is sealed already."""
