"""An encoder as the station's runtime sees it: a card is encoded once, or its loss is stated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from cardwright.card.events import Body, Disposition, Encoded, OperationFailed
from cardwright.driver import DeviceAddress, DevicePool, DeviceRefusedError
from cardwright.station.faults import until_it_passes
from cardwright.station.ports import Answer, DeviceUnavailableError, NotBegun, WorkOrder
from services.encoding.adapters.head import Head, JobState
from services.encoding.adapters.scripts import Scripts
from services.encoding.domain import Material, SpoiledError, check_blank
from services.encoding.procedure import personalise, read_back

__all__ = ["Encoder"]

Prepare = Callable[[Sequence[WorkOrder]], Awaitable[Mapping[str, Material | Answer]]]

_BUSY = frozenset({"HEADS_BUSY", "CARD_HELD"})


class Encoder:
    """One machine with ``heads`` heads, on a connection per head.

    A card that our connection left behind in a head is finished, since the machine tells how far
    it got: what is written already is read back and never written again. A card that the machine
    itself lost hold of is spoiled.
    """

    def __init__(
        self, address: DeviceAddress, heads: int, scripts: Scripts, prepare: Prepare
    ) -> None:
        self._address, self._heads = address, heads
        self._scripts, self._prepare = scripts, prepare
        self._connections = DevicePool(address)

    @property
    def name(self) -> str:
        """The machine's name in facts."""
        return self._address.name

    @property
    def depth(self) -> int:
        """A job a head."""
        return self._heads

    async def close(self) -> None:
        """Hang up."""
        await self._connections.close()

    async def perform(self, order: WorkOrder, material: Material) -> Body:
        """Write stripe and chip of one card and read them back.

        Raises:
            DeviceUnavailableError: The machine can't work now, or no script can be had.
        """
        async with self._head(order) as head:
            return await self._encode(head, order, material)

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask the machine; a card still in its head is finished.

        Raises:
            DeviceUnavailableError: It does not answer now.
        """
        async with self._head(order) as head:
            state = await head.job()
            if state.state == "unknown":
                return NotBegun()
            if state.state != "in_head":
                return self._fact(state)
            prepared = await until_it_passes(self.name, self._prepare, [order])
            material = prepared[order.order_id]
            if isinstance(material, Answer):
                lost = await head.eject("reject", "SECTION_DAMAGED")
                return self._fact(lost, "its data can't be read any more")
            return await self._encode(head, order, material)

    async def _encode(self, head: Head, order: WorkOrder, material: Material) -> Body:
        try:
            state = await head.feed()
        except DeviceRefusedError as refused:
            if refused.code in _BUSY:
                raise DeviceUnavailableError(refused.code, str(refused)) from None
            return OperationFailed(
                code=refused.code,
                detail="the machine can't take the card in: look where it lies",
                disposition=Disposition.UNCERTAIN,
                device=self.name,
            )
        if state.state != "in_head":
            return self._fact(state)
        try:
            await self._write(head, order, material, state)
        except SpoiledError as spoiled:
            return self._fact(await head.eject("reject", spoiled.code), str(spoiled))
        return self._fact(await head.eject("good"))

    async def _write(
        self, head: Head, order: WorkOrder, material: Material, state: JobState
    ) -> None:
        check_blank(order.blank_serial, state.blank)
        if material.tracks:
            await head.write_stripe(material.tracks, written=bool(state.tracks))
        if material.chip is None:
            return
        if state.personalised:
            await read_back(head, material.chip)
        else:
            await personalise(head, order.card_id, material.chip, self._scripts)

    def _fact(self, state: JobState, detail: str = "") -> Body:
        """State what the machine's ledger says of a job that has ended."""
        if state.state == "done":
            return Encoded(state.blank, self.name, state.tracks, state.chip)
        code = state.code or f"ENCODER_{state.state.upper()}"
        swapped = code == "BLANK_SWAPPED"
        return OperationFailed(
            code=code,
            detail=detail,
            disposition=Disposition.UNCERTAIN if swapped else Disposition.SPOILED,
            blank_serial="" if swapped else state.blank,  # that one is another card's
            device=self.name,
        )

    @asynccontextmanager
    async def _head(self, order: WorkOrder) -> AsyncIterator[Head]:
        """Work at a head, on a connection of its own."""
        async with self._connections.borrow() as link:
            yield Head(link, order.job_id)
