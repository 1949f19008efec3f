"""The encoding bench: what each card is to hold, and the machines that write it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from cardwright.card.events import Disposition, OperationFailed
from cardwright.secret import SecretBytes
from cardwright.station.ports import Answer, Device, WorkOrder
from cardwright.vault.vault import Opened
from services.encoding.adapters.sections import SectionError, read_chip, read_stripe
from services.encoding.domain import Material, StripePlan

__all__ = ["EncodeBench", "Preparation", "Sections"]


class Sections(Protocol):
    """What encoding needs of the vault."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        """Read blobs as they are."""


class Preparation:
    """Fetches a batch's sections. A card without a row has no stripe, or no chip.

    Args:
        vault: the vault, by this station's role.
        chip: False leaves every chip blank.
    """

    def __init__(self, vault: Sections, *, chip: bool = True) -> None:
        self._vault, self._chip = vault, chip

    async def __call__(self, orders: Sequence[WorkOrder]) -> dict[str, Material | Answer]:
        """Return each order's material, or an answer where its data can't be used."""
        cards = [order.card_id for order in orders]
        with_chip = cards if self._chip else []
        stripes, chips, certificates, keys = await asyncio.gather(
            self._open("stripe", cards),
            self._open("chip", with_chip),
            self._open("certificates", with_chip),
            self._keys(with_chip),
        )
        damaged = stripes.damaged | chips.damaged | certificates.damaged
        return {
            order.order_id: _refused(order, "SECTION_DAMAGED", "its sealed data were changed")
            if order.card_id in damaged
            else _material(
                order,
                stripes.cards.get(order.card_id),
                chips.cards.get(order.card_id),
                certificates.cards.get(order.card_id, SecretBytes(b"")),
                keys.get(order.card_id, b""),
            )
            for order in orders
        }

    async def _keys(self, cards: Sequence[str]) -> dict[str, bytes]:
        return await self._vault.get_sealed("chip_keys", cards) if cards else {}

    async def _open(self, section: str, cards: Sequence[str]) -> Opened:
        return await self._vault.open(section, cards) if cards else Opened({})


def _material(
    order: WorkOrder,
    stripe: SecretBytes | None,
    chip: SecretBytes | None,
    certificates: SecretBytes,
    sealed_keys: bytes,
) -> Material | Answer:
    try:
        return Material(
            read_stripe(stripe) if stripe is not None else StripePlan(),
            read_chip(chip, sealed_keys, certificates) if chip is not None else None,
        )
    except SectionError as error:
        return _refused(order, error.code, str(error))


def _refused(order: WorkOrder, code: str, detail: str) -> Answer:
    """State that a person must decide: no machine has touched the card."""
    return Answer(order.order_id, OperationFailed(code, detail, Disposition.REFUSED))


class EncodeBench:
    """Wires preparation and machines for the runtime."""

    def __init__(self, preparation: Preparation, devices: Sequence[Device[Material]]) -> None:
        self._preparation, self._devices = preparation, devices

    @property
    def devices(self) -> Sequence[Device[Material]]:
        """The encoders."""
        return self._devices

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, Material | Answer]:
        """Fetch what each card gets, in one call a section."""
        return await self._preparation(orders)
