"""The inspection bench: what each card should show, and the machines that look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cardwright.card.events import Disposition, OperationFailed
from cardwright.secret import SecretBytes
from cardwright.station.ports import Answer, Device, WorkOrder
from cardwright.vault.vault import Opened
from services.qa.adapters.sections import SectionMalformedError, read_expected
from services.qa.domain import Expected

__all__ = ["InspectBench", "Sections"]


class Sections(Protocol):
    """What inspection needs of the vault."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""


class InspectBench:
    """Fetches expected values; the machines do the rest.

    Args:
        vault: the vault, by this station's role.
        devices: the inspectors.
        chip: False leaves the chips out.
        render: False leaves the barcodes out.
        ca_keys: False where no payment system's public key is known.
    """

    def __init__(
        self,
        vault: Sections,
        devices: Sequence[Device[Expected]],
        *,
        chip: bool = True,
        render: bool = True,
        ca_keys: bool = True,
    ) -> None:
        self._vault, self._devices = vault, devices
        self._chip, self._render, self._ca_keys = chip, render, ca_keys

    @property
    def devices(self) -> Sequence[Device[Expected]]:
        """The inspectors."""
        return self._devices

    async def prepare(self, orders: Sequence[WorkOrder]) -> Mapping[str, Expected | Answer]:
        """Return what each card should show, or an answer where that can't be known."""
        opened = await self._vault.open("inspection", [order.card_id for order in orders])
        return {
            order.order_id: _refused(order, "SECTION_DAMAGED", "its sealed data were changed")
            if order.card_id in opened.damaged
            else self._expected(order, opened.cards.get(order.card_id))
            for order in orders
        }

    def _expected(self, order: WorkOrder, section: SecretBytes | None) -> Expected | Answer:
        if section is None:
            return _refused(order, "SECTION_MISSING", "nothing says how the card should look")
        try:
            expected = read_expected(section, chip=self._chip, render=self._render)
        except SectionMalformedError as error:
            return _refused(order, error.code, str(error))
        if expected.authenticated and not self._ca_keys:
            return _refused(order, "CAPK_MISSING", "no payment system's key is known: export them")
        return expected


def _refused(order: WorkOrder, code: str, detail: str) -> Answer:
    """State that a person must decide: no machine has touched the card."""
    return Answer(order.order_id, OperationFailed(code, detail, Disposition.REFUSED))
