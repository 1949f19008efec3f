"""The shredder of an inspection machine (docs/devices.md, "Inspector")."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from cardwright.card import Body
from cardwright.card.events import Destroyed, Disposition, OperationFailed
from cardwright.driver import DeviceAddress, DeviceConnection, DeviceRefusedError, device_away
from cardwright.station.faults import until_it_passes
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder

__all__ = ["ShredderDevice"]

_IN_A_MACHINE: Final = frozenset({"CARD_HELD", "CARD_NOT_READY"})


class ShredderDevice:
    """One shredder. A card is destroyed once: the machine answers a second order with the first.

    Args:
        address: name in facts, host and port.
        count: tells the stock that a card is destroyed; may be told again.
        depth: orders that wait at the machine's connection.
    """

    def __init__(
        self,
        address: DeviceAddress,
        count: Callable[[WorkOrder], Awaitable[None]],
        depth: int = 4,
    ) -> None:
        self.name, self.depth = address.name, depth
        self._connection = DeviceConnection(address.host, address.port)
        self._count = count

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()

    async def perform(self, order: WorkOrder, _: None) -> Body:
        """Destroy the card.

        Raises:
            DeviceUnavailableError: The machine is away, or the card is still in another machine.
        """
        try:
            with device_away(self.name):
                await self._connection.ask("DESTROY", card=order.job_id)
        except DeviceRefusedError as refused:
            if refused.code in _IN_A_MACHINE:
                raise DeviceUnavailableError(refused.code, f"{order.job_id} is not free") from None
            return OperationFailed(
                code=refused.code,
                detail=f"{self.name} can't destroy the card: look for it",
                disposition=Disposition.UNCERTAIN,
                blank_serial=order.blank_serial,
                device=self.name,
            )
        return await self._destroyed(order)

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask whether the card is destroyed; if not, the order may be given again.

        Raises:
            DeviceUnavailableError: The machine is away.
        """
        with device_away(self.name):
            found: dict[str, Any] = dict((await self._connection.ask("CARD", card=order.job_id)).ok)
        return NotBegun() if found["destroyed"] is None else await self._destroyed(order)

    async def _destroyed(self, order: WorkOrder) -> Destroyed:
        await until_it_passes(self.name, self._count, order)
        return Destroyed(order.blank_serial, self.name)
