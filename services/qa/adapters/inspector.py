"""An inspector as the station's runtime sees it: look at a card, judge it, drop it into a tray."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from cardwright.card.events import Body, Disposition, Inspected, OperationFailed
from cardwright.driver import (
    DeviceAddress,
    DeviceConnection,
    DevicePool,
    DeviceRefusedError,
    Reply,
    Request,
)
from cardwright.driver.apdus import pack_apdus, unpack_apdus
from cardwright.hsm.port import HsmError
from cardwright.iso.errors import StripeError
from cardwright.iso.stripe import BitStream
from cardwright.station.faults import is_passing
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from cardwright.terminal import CaPublicKey
from services.qa.adapters.barcode import read_barcodes
from services.qa.adapters.till import IssuerRefusedError, Paid, Till
from services.qa.domain import Expected, Found, Piece, Readings, defects, read, scripts, tap

__all__ = ["Inspector"]

_OUTPUT, _REJECT, _FLOOR = "output", "reject", "floor"
_UNREADABLE = BitStream(b"", 0)


class Inspector:
    """One machine with ``seats`` cards in it at once.

    An inspection can be done again: a card that was judged but whose fact was never stated is
    looked at again, from the reject tray too. In the output tray lie good cards alone, so there
    the tray is the verdict, and the machine's note on it says the rest.

    Args:
        address: name in facts, host and port.
        seats: how many cards it takes.
        till: lets test cards pay.
        ca_keys: the payment systems' keys.
    """

    def __init__(
        self,
        address: DeviceAddress,
        seats: int,
        till: Till,
        ca_keys: Collection[CaPublicKey] = (),
    ) -> None:
        self._address, self._seats = address, seats
        self._till, self._ca_keys = till, ca_keys
        self._connections = DevicePool(address)

    @property
    def name(self) -> str:
        """The machine's name in facts."""
        return self._address.name

    @property
    def depth(self) -> int:
        """A job a seat."""
        return self._seats

    async def close(self) -> None:
        """Hang up."""
        await self._connections.close()

    async def perform(self, order: WorkOrder, material: Expected) -> Body:
        """Inspect one card and move it to the output or the reject tray.

        Raises:
            DeviceUnavailableError: The machine can't work now.
        """
        async with self._link() as link:
            try:
                found = await _look(link, order, material)
            except DeviceRefusedError as refused:
                return await self._absent(link, order, material, refused)
            return await self._judge(link, order, material, found)

    async def recall(self, order: WorkOrder) -> Body | NotBegun:
        """Ask where the card lies: in the output tray it has passed, else look at it again.

        Raises:
            DeviceUnavailableError: It does not answer now.
        """
        async with self._link() as link:
            card = (await link.ask("CARD", card=order.job_id)).ok
            return self._passed(card) if card["in"] == _OUTPUT else NotBegun()

    async def _judge(
        self, link: DeviceConnection, order: WorkOrder, expected: Expected, found: Found
    ) -> Body:
        piece = _piece(order)
        readings = read(expected, piece, found.chip or ())
        payment = readings.payment
        end = Paid(
            transaction="",
            defects=defects(expected, found, piece, self._ca_keys),
            atc=(payment.atc if payment else None) or 0,
        )
        if order.test_card and payment and not end.defects:
            try:
                end = await self._pay(link, order, expected, readings)
            except IssuerRefusedError as refused:
                return self._undecided(refused.code, str(refused), Disposition.REFUSED)
        tray, passed = (_REJECT, False) if end.defects else (_OUTPUT, True)
        await link.ask("MOVE", card=order.job_id, to=tray, note=_note(end))
        return Inspected(found.blank, passed, end.defects, self.name, end.atc, end.transaction)

    async def _pay(
        self, link: DeviceConnection, order: WorkOrder, expected: Expected, readings: Readings
    ) -> Paid:
        """Let a test card pay.

        Raises:
            IssuerRefusedError: its issuer's keys can't be used.
            DeviceUnavailableError: the security module is away.
        """
        try:
            return await self._till.pay(link, order.job_id, expected, readings)
        except HsmError as error:
            if not is_passing(error):
                raise
            raise DeviceUnavailableError(error.code, "nobody answers for the issuer") from None

    async def _absent(
        self,
        link: DeviceConnection,
        order: WorkOrder,
        expected: Expected,
        refused: DeviceRefusedError,
    ) -> Body:
        """Answer for a card that can't be taken in from the floor."""
        if refused.code == "CARD_HELD":
            raise DeviceUnavailableError(refused.code, "another machine still holds the card")
        if refused.code == "NO_SUCH_CARD":
            card = (await link.ask("CARD", card=order.job_id)).ok
            if card["in"] == _OUTPUT:
                return self._passed(card)
            if card["in"] == _REJECT:
                await link.ask("MOVE", card=order.job_id, to=_FLOOR)
                found = await _look(link, order, expected)
                return await self._judge(link, order, expected, found)
        detail = "the machine can't take the card in: look where it lies"
        return self._undecided(refused.code, detail, Disposition.UNCERTAIN)

    def _undecided(self, code: str, detail: str, disposition: Disposition) -> OperationFailed:
        return OperationFailed(code, detail, disposition, device=self.name)

    def _passed(self, card: Mapping[str, Any]) -> Inspected:
        atc, transaction = _noted(str(card.get("note", "")))
        return Inspected(
            str(card["blank"]), passed=True, device=self.name, atc=atc, transaction=transaction
        )

    @asynccontextmanager
    async def _link(self) -> AsyncIterator[DeviceConnection]:
        """Borrow a connection."""
        try:
            async with self._connections.borrow() as link:
                yield link
        except DeviceRefusedError as refused:  # the card was moved under our eyes: look again
            raise DeviceUnavailableError(refused.code, str(refused)) from None


def _piece(order: WorkOrder) -> Piece:
    return Piece(order.blank_serial, order.cplc, order.atc, order.test_card)


def _note(end: Paid) -> str:
    """Return what the machine shall remember of a verdict, should the fact of it be lost."""
    return f"atc={end.atc} transaction={end.transaction}"


def _noted(note: str) -> tuple[int, str]:
    """Read what ``_note`` writes; nothing from a card that was moved without a note."""
    parts = dict(part.partition("=")[::2] for part in note.split())
    return int(parts.get("atc", "0")), parts.get("transaction", "")


async def _look(link: DeviceConnection, order: WorkOrder, expected: Expected) -> Found:
    """Take pictures, swipe the stripe, and read the chip if one is expected.

    Raises:
        DeviceRefusedError: The machine can't take the card in.
    """
    card = order.job_id
    requests = [Request("INSPECT", {"card": card})]
    if asked := scripts(expected, _piece(order)):
        requests.append(Request("POWER", {"card": card}))
        requests += [Request("APDUS", {"card": card}, pack_apdus(each)) for each in asked]
    by_contacts = len(requests)
    if tapped := tap(expected):
        requests.append(Request("POWER", {"card": card, "contactless": True}))
        requests.append(Request("APDUS", {"card": card}, pack_apdus(tapped)))
    seen, *chip = await link.flight(requests)
    if isinstance(seen, DeviceRefusedError):
        raise seen
    back = seen.body[seen.ok["front"] :]
    antenna = _responses(chip[by_contacts - 1 :])
    return Found(
        blank=str(seen.ok["blank"]),
        barcodes=await asyncio.to_thread(read_barcodes, back) if expected.barcode else (),
        tracks={int(track): _bits(bits) for track, bits in seen.ok["tracks"].items()},
        chip=_responses(chip[: by_contacts - 1]),
        test=seen.ok["test"] is True,
        antenna=next(iter(antenna), ()) if antenna is not None else None,
    )


def _bits(track: Mapping[str, Any]) -> BitStream:
    try:
        return BitStream(bytes.fromhex(track["bits"]), track["length"])
    except StripeError:
        return _UNREADABLE


def _responses(
    chip: Sequence[Reply | DeviceRefusedError],
) -> tuple[tuple[bytes, ...], ...] | None:
    """Return what the chip answered to each script; None when it did not even answer the reset."""
    replies = [outcome for outcome in chip if isinstance(outcome, Reply)]
    if len(replies) < len(chip):
        return None
    return tuple(tuple(unpack_apdus(reply.body)) for reply in replies[1:])
