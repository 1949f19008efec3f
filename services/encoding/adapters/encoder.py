"""An encoder as the station's runtime sees it: a card is encoded once, or its loss is stated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from cardwright.card.events import Body, Disposition, Encoded, OperationFailed
from cardwright.driver import DeviceAddress, DevicePool, DeviceRefusedError
from cardwright.station.faults import until_it_passes
from cardwright.station.ports import Answer, DeviceUnavailableError, NotBegun, WorkOrder
from services.encoding.adapters.head import Head, JobState
from services.encoding.adapters.heads import HeadRules, Heads
from services.encoding.adapters.msrhead import ENCODER_AWAY, MsrHead
from services.encoding.adapters.readerlink import READER_AWAY, ReaderHead
from services.encoding.adapters.ways import ChipWay
from services.encoding.domain import (
    Material,
    Memo,
    SpoiledError,
    StripePlan,
    check_blank,
    check_stripe,
)
from services.encoding.procedure import Personalizer

__all__ = ["Encoder"]

Prepare = Callable[[Sequence[WorkOrder]], Awaitable[Mapping[str, Material | Answer]]]

_BUSY = frozenset({"HEADS_BUSY", "CARD_HELD"})


class Encoder:
    """One machine with its heads, on a connection per head.

    A card that our connection left behind in a head is finished, since the machine tells how far
    it got: what is written already is read back and never written again. A card that the machine
    itself lost hold of is spoiled. A head that spoils cards gets no more of them (``Heads``).

    Args:
        address: the machine.
        heads: how many of its heads are used, and how they do.
        personalizer: makes the chips.
        prepare: fetches a card's material again.
        readers: the heads whose contacts lead to card readers.
        stripes: the heads whose stripes a swipe encoder writes, and its serial port.
    """

    def __init__(
        self,
        address: DeviceAddress,
        heads: HeadRules,
        personalizer: Personalizer,
        prepare: Prepare,
        readers: Mapping[int, ChipWay] | None = None,
        stripes: Mapping[int, str] | None = None,
    ) -> None:
        self._address = address
        self._personalizer, self._prepare = personalizer, prepare
        self._connections = DevicePool(address)
        self._readers = {n: ReaderHead(way) for n, way in (readers or {}).items()}
        self._swipes = {n: MsrHead(port) for n, port in (stripes or {}).items()}
        self._sized = False
        self.heads = Heads(address.name, heads, self._test)

    @property
    def name(self) -> str:
        """The machine's name in facts."""
        return self._address.name

    @property
    def depth(self) -> int:
        """A job a head."""
        return len(self.heads)

    async def close(self) -> None:
        """Hang up, and let the readers go."""
        await self.heads.close()
        await self._connections.close()
        for reader in self._readers.values():
            await asyncio.to_thread(reader.close)
        for swipe in self._swipes.values():
            await asyncio.to_thread(swipe.close)

    async def ready(self) -> None:
        """Wait until a head is in work."""
        with suppress(DeviceUnavailableError):  # whoever gets a job then says so
            await self._size_up()
        await self.heads.ready()

    async def perform(self, order: WorkOrder, material: Material) -> Body:
        """Write stripe and chip of one card and read them back.

        Raises:
            DeviceUnavailableError: The machine can't work now, no head is in work, or no script can
                be had.
        """
        await self._size_up()
        return await self._at_a_head(order, lambda head: self._encode(head, order, material))

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask the machine; a card still in its head is finished.

        Raises:
            DeviceUnavailableError: It does not answer now.
        """
        await self._size_up()
        async with self._connections.borrow() as link:
            state = JobState.parse((await link.ask("JOB", job_id=order.job_id)).ok)
        if state.state != "in_head":
            self.heads.release(order.job_id)
            return NotBegun() if state.state == "unknown" else await self._told(state)
        self.heads.claim(order.job_id, state.head)
        return await self._at_a_head(order, lambda head: self._finish(head, order))

    async def _at_a_head(self, order: WorkOrder, work: Callable[[Head], Awaitable[Body]]) -> Body:
        async with self.heads.lend(order.job_id) as lent:
            try:
                async with self._head(order, lent.number) as head:
                    fact = await work(head)
            except DeviceUnavailableError as away:
                if away.code in READER_AWAY | ENCODER_AWAY:
                    self.heads.lost(lent.number, away.code)
                raise
            self.heads.learn(lent, fact)
            return fact

    async def _finish(self, head: Head, order: WorkOrder) -> Body:
        prepared = await until_it_passes(self.name, self._prepare, [order])
        material = prepared[order.order_id]
        if isinstance(material, Answer):
            memo = Memo(detail="its data can't be read any more")
            return self._fact(await head.eject("reject", "SECTION_DAMAGED", memo))
        return await self._encode(head, order, material)

    async def _size_up(self) -> None:
        """Learn once how many heads the machine has: fewer, perhaps, than we were told."""
        if self._sized:
            return
        async with self._connections.borrow() as link:
            hello = (await link.ask("HELLO")).ok
        for number in range(int(hello["heads"]), len(self.heads)):
            self.heads.lost(number, "NO_SUCH_HEAD")
        self._sized = True

    async def _test(self, number: int) -> bool:
        """Look for a head's reader, and have the machine test the head."""
        if number in self._readers:
            way = self._readers[number].way
            if not await asyncio.to_thread(way.present):
                return False
        if number in self._swipes and not await self._swipes[number].present():
            return False
        async with self._connections.borrow() as link:
            try:
                return bool((await link.ask("TEST", head=number)).ok["fit"])
            except DeviceRefusedError as refused:
                # A machine without such a test: the next card will tell.
                return refused.code == "UNKNOWN_COMMAND"

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
            return await self._told(state)
        try:
            made = await self._write(head, order, material, state)
        except SpoiledError as spoiled:
            memo = Memo(detail=str(spoiled), quarantine=spoiled.quarantine)
            return self._fact(await head.eject("reject", spoiled.code, memo))
        return self._fact(await head.eject("good", memo=made))

    async def _write(
        self, head: Head, order: WorkOrder, material: Material, state: JobState
    ) -> Memo:
        check_blank(order.blank_serial, state.blank)
        beside = await self._write_stripe(head, material.stripe, state)
        if material.chip is None:
            return Memo(tracks=beside)
        made = await self._personalizer.make(head.chip, state.blank, order.card_id, material.chip)
        return Memo(made.serial, made.cplc.hex(), made.atc, made.key_version, tracks=beside)

    async def _write_stripe(
        self, head: Head, stripe: StripePlan, state: JobState
    ) -> tuple[int, ...]:
        """Write the stripe and compare it; the tracks that the machine does not know of."""
        if not stripe.tracks:
            return ()
        read = await head.stripe.encode(
            stripe.tracks, stripe.coercivity, written=bool(state.tracks)
        )
        check_stripe(stripe.tracks, read, silence=head.stripe.silence)
        return () if head.stripe is head else tuple(sorted(stripe.tracks))

    async def _told(self, state: JobState) -> Body:
        """State what a job came to that ended without us; nobody can ask its chip any more."""
        fact = self._fact(state)
        if isinstance(fact, Encoded) or state.state != "interrupted":
            return fact
        return replace(fact, detail=await self._personalizer.last_words(state.blank))

    def _fact(self, state: JobState) -> Encoded | OperationFailed:
        """State what the machine's ledger says of a job that has ended."""
        memo = state.memo
        if state.state == "done":
            return Encoded(
                state.blank,
                self.name,
                state.tracks or memo.tracks,
                chip_serial=memo.chip,
                cplc=bytes.fromhex(memo.cplc),
                atc=memo.atc,
                key_version=memo.key_version,
            )
        code = state.code or f"ENCODER_{state.state.upper()}"
        swapped = code == "BLANK_SWAPPED"
        doubtful = swapped or memo.quarantine
        return OperationFailed(
            code=code,
            detail=memo.detail,
            disposition=Disposition.UNCERTAIN if doubtful else Disposition.SPOILED,
            blank_serial="" if swapped else state.blank,  # that one is another card's
            device=self.name,
        )

    @asynccontextmanager
    async def _head(self, order: WorkOrder, number: int) -> AsyncIterator[Head]:
        """Work at a head, on a connection of its own."""
        reader = self._readers[number].link() if number in self._readers else None
        async with self._connections.borrow() as link:
            try:
                yield Head(link, order.job_id, number, reader, self._swipes.get(number))
            finally:
                if reader is not None:
                    await reader.close()
