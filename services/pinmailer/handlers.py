"""The PIN mailer's bench: a PIN and an address for each order, opened no sooner than it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cardwright.card.events import Disposition, OperationFailed
from cardwright.station.ports import Answer, Device, WorkOrder
from cardwright.vault.vault import Opened
from services.pinmailer.adapters.sections import read_addressee, read_pin
from services.pinmailer.domain import Letter, LetterFault, compose

__all__ = ["MailBench", "SectionVault"]

_PIN_DAMAGED = LetterFault("PIN_SECTION_DAMAGED", "the sealed PIN was changed: find out who did")
_ADDRESS_DAMAGED = LetterFault("MAILER_SECTION_DAMAGED", "the sealed address was changed")


class SectionVault(Protocol):
    """The vault, as far as this station's role and token reach: sections ``pin`` and ``mailer``."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""


@dataclass(frozen=True, slots=True)
class MailBench:
    """Opens both sections of a batch, a call each. What is wrong with a card refuses it."""

    devices: Sequence[Device[Letter]]
    vault: SectionVault

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, Letter | Answer]:
        """Return a letter, or the refusal, for each order."""
        cards = [order.card_id for order in orders]
        pins, mailers = await asyncio.gather(
            self.vault.open("pin", cards), self.vault.open("mailer", cards)
        )
        return {order.order_id: _prepare(order, pins, mailers) for order in orders}


def _prepare(order: WorkOrder, pins: Opened, mailers: Opened) -> Letter | Answer:
    letter = _letter(order.card_id, pins, mailers)
    if isinstance(letter, LetterFault):
        failed = OperationFailed(letter.code, letter.detail, Disposition.REFUSED)
        return Answer(order.order_id, failed)
    return letter


def _letter(card: str, pins: Opened, mailers: Opened) -> Letter | LetterFault:
    if card in pins.damaged:
        return _PIN_DAMAGED
    if card in mailers.damaged:
        return _ADDRESS_DAMAGED
    pin = read_pin(pins.cards.get(card))
    if isinstance(pin, LetterFault):
        return pin
    addressee = read_addressee(mailers.cards.get(card))
    return addressee if isinstance(addressee, LetterFault) else compose(addressee, pin)
