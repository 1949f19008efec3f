"""The inspector: cameras, a stripe reader, a contact station, the out trays and the shredder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cardwright.devices import fields
from cardwright.devices.chipslot import ChipSlot, ChipWorks, pack_apdus, succeeded, unpack_apdus
from cardwright.devices.errors import DeviceError
from cardwright.devices.floor import BACK, CHIP, FRONT, STRIPE, TRAYS, Floor, Passport
from cardwright.devices.frames import Frame
from cardwright.devices.ledger import Act, GroupCommit, Ledger, Sync, finish, record, start
from cardwright.devices.server import Handler, Reply
from cardwright.devices.stripe import pack_tracks, read_stripe

__all__ = ["Inspector", "InspectorSettings", "KeepImages"]

KeepImages = Literal["none", "all", "test"]

# What leaves a card as it was (ISO/IEC 7816-4, GlobalPlatform 2.3.1 chapter 11): SELECT, READ
# RECORD, GET DATA, GET STATUS, GET CHALLENGE, INTERNAL AUTHENTICATE, GET RESPONSE. Neither VERIFY,
# which costs tries, nor GET PROCESSING OPTIONS, which moves the counter of an EMV application.
_READING = frozenset((0xA4, 0xB2, 0xCA, 0xCB, 0xF2, 0x84, 0x88, 0xC0))
# What a terminal and the issuer's scripts send beside (EMV 4.3 Book 3, 6.5): to test cards alone.
_PAYING = frozenset((0xA8, 0xAE, 0x82, 0x20, 0x24, 0x16, 0x18, 0x1E, 0xDA, 0xDC))
_TEST_PREFIX = "test-"


@dataclass(frozen=True)
class InspectorSettings:
    """What an installer sets.

    Attributes:
        serial: the machine's serial number.
        keep_images: of which cards the printed faces stay in the output tray ("test": of those
            whose id starts with ``test-``).
        sync: the ledger's durability (see ledger.py).
    """

    serial: str = "INS-0001"
    keep_images: KeepImages = "all"
    sync: Sync = "normal"


@dataclass(slots=True)
class _Seat:
    """A card under the cameras; ``paying`` counts the commands of a transaction, if one is on."""

    passport: Passport
    slot: ChipSlot
    paying: int | None = None

    def check(self, commands: list[bytes]) -> None:
        """Refuse commands that this card must not get now."""
        allowed = _READING if self.paying is None else _READING | _PAYING
        if any(len(command) > 1 and command[1] not in allowed for command in commands):
            raise DeviceError("READ_ONLY", "an inspector only reads; TRANSACT lets a test card pay")

    def count(self, commands: int) -> None:
        """Keep what a command of a transaction did to the chip, as a chip's own memory would."""
        if self.paying is not None:
            self.paying += commands
            self.slot.save()


class Inspector:
    """The machine behind the inspector's commands; a card is its own job here."""

    def __init__(
        self, state: Path, floor: Floor, works: ChipWorks, settings: InspectorSettings
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._settings, self._floor, self._works = settings, floor, works
        self._ledger = Ledger(state / "ledger.db", sync=settings.sync)
        self._commits = GroupCommit(self._ledger)
        self._seats: dict[str, _Seat] = {}
        self._moving: dict[str, asyncio.Lock] = {}

    @property
    def commands(self) -> Mapping[str, Handler]:
        """The handlers by command name (docs/devices.md)."""
        return {
            "HELLO": self._hello,
            "INSPECT": self._inspect,
            "POWER": self._power,
            "TRANSACT": self._transact,
            "APDU": self._apdu,
            "APDUS": self._apdus,
            "MOVE": self._move,
            "DESTROY": self._destroy,
            "CARD": self._card,
        }

    # -- the mechanics

    def recover(self) -> None:
        """Let go of the cards that the last death left inside; the shredder ends what it began."""
        for card in self._floor.held_by(self._settings.serial):
            self._floor.release(card)
        begun = [act.card for act in self._ledger.open_acts() if act.act == "destroy"]
        for card in begun:
            self._shred(card)
        paying = [act.card for act in self._ledger.open_acts() if act.act == "transaction"]
        self._ledger.commit(
            [finish(card, "destroy", "done", recovered=True) for card in begun]
            + [finish(card, "transaction", "interrupted") for card in paying]
        )

    async def run(self) -> None:
        """Nothing moves by itself: every act of an inspector is a command's."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Save the chips' counters and let the cards go."""
        for card, seat in self._seats.items():
            await self._end_transaction(card, seat)
            seat.slot.save()
            self._floor.release(card)
        await self._commits.close()
        self._ledger.close()

    def _shred(self, card: str) -> None:
        """Nothing of the person is left; the passport says which blank the shreds were."""
        where = self._floor.whereabouts(card)
        tray = "" if where in {"floor", None} else str(where)
        self._floor.erase(card, FRONT, BACK, STRIPE, CHIP, tray=tray)
        if tray != "destroyed":
            self._floor.move(card, "destroyed", origin=tray)

    def _seat(self, card: str) -> _Seat:
        """The card under the cameras; it is taken in if it isn't there yet."""
        if card not in self._seats:
            passport = self._floor.passport(card)
            if not passport.printed:
                raise DeviceError("CARD_NOT_READY", "the card is still in the printer")
            self._floor.claim(card, self._settings.serial)
            slot = ChipSlot(self._works, self._floor, card, passport)
            self._seats[card] = _Seat(passport, slot)
        return self._seats[card]

    def _leave(self, card: str) -> Passport:
        """Take the card out from under the cameras; what it is."""
        seat = self._seat(card)
        seat.slot.save()
        self._seats.pop(card)
        return seat.passport

    # -- the commands

    async def _hello(self, _: Frame) -> Reply:
        return Reply(
            {
                "model": "Cardwright INS inspector and shredder (simulated)",
                "serial": self._settings.serial,
                "capabilities": [
                    "front",
                    "back",
                    "stripe",
                    "contact",
                    "contactless",
                    "transact",
                    "shredder",
                ],
                "protocol": 1,
            }
        )

    async def _inspect(self, request: Frame) -> Reply:
        card = fields.text(request.header, "card")
        passport = self._seat(card).passport
        faces = [self._floor.read(card, name) or b"" for name in (FRONT, BACK)]
        found = {
            "blank": passport.blank,
            "material": passport.material,
            "test": passport.test,
            "chip": passport.chip,
            "coercivity": passport.stripe,
            "tracks": pack_tracks(read_stripe(self._floor.read(card, STRIPE))),
            "front": len(faces[0]),
            "back": len(faces[1]),
        }
        return Reply(found, b"".join(faces))

    async def _power(self, request: Frame) -> Reply:
        card = fields.text(request.header, "card")
        seat = self._seat(card)
        await self._end_transaction(card, seat)
        atr = seat.slot.power(contactless=fields.flag(request.header, "contactless"))
        return Reply({"atr": atr.hex()})

    async def _transact(self, request: Frame) -> Reply:
        """Reset a test card for one transaction: until POWER, MOVE or DESTROY it may pay."""
        card = fields.text(request.header, "card")
        seat = self._seat(card)
        if not seat.passport.test:
            raise DeviceError("NOT_A_TEST_CARD", "a customer's card never pays here: only read it")
        await self._end_transaction(card, seat)
        atr = seat.slot.power(contactless=fields.flag(request.header, "contactless"))
        await self._commits.submit(start(card, card, seat.passport.blank, "transaction"))
        seat.paying = 0
        return Reply({"atr": atr.hex()})

    async def _end_transaction(self, card: str, seat: _Seat) -> None:
        if seat.paying is not None:
            count, seat.paying = seat.paying, None
            await self._commits.submit(finish(card, "transaction", "ended", commands=count))

    async def _apdu(self, request: Frame) -> Reply:
        seat = self._seat(fields.text(request.header, "card"))
        seat.check([request.body])
        response = seat.slot.transmit(request.body)
        seat.count(1)
        return Reply({"sw": response[-2:].hex()}, response)

    async def _apdus(self, request: Frame) -> Reply:
        commands = unpack_apdus(request.body)
        seat = self._seat(fields.text(request.header, "card"))
        seat.check(commands)
        responses = seat.slot.script(commands)
        seat.count(len(responses))
        failed = bool(responses) and not succeeded(responses[-1])
        return Reply({"count": len(responses), "complete": not failed}, pack_apdus(responses))

    async def _move(self, request: Frame) -> Reply:
        card = fields.text(request.header, "card")
        tray = fields.choice(request.header, "to", ("floor", *TRAYS))
        if tray == "destroyed":
            return await self._destroy(request)
        note = fields.text(request.header, "note") if "note" in request.header else ""
        async with self._one_at_a_time(card):
            where = self._floor.whereabouts(card)
            if tray == "floor":
                self._take_back(card, where)
                return Reply({"card": card, "in": tray})
            if where == "floor":
                await self._write_down(card, tray, note)
                self._leave(card)
                self._drop_images(card, tray)
                self._floor.move(card, tray)
            elif where != tray:
                raise DeviceError("NO_SUCH_CARD", "the card lies in no machine's reach: ask CARD")
            # Also after a death between the two: the tray shows the move, the ledger must too.
            moves = self._ledger.acts(card=card, act="move")
            if not moves or moves[-1].result != tray:
                now = time.time()
                blank = self._floor.passport(card, tray).blank
                await self._commits.submit(
                    record(Act(card, card, blank, "move", now, now, tray, {}))
                )
        return Reply({"card": card, "in": tray})

    async def _write_down(self, card: str, tray: str, note: str) -> None:
        """End what the card was doing, and note why it goes where it goes: before it goes."""
        seat = self._seat(card)
        await self._end_transaction(card, seat)
        if note:
            now = time.time()
            verdict = Act(
                card, card, seat.passport.blank, "verdict", now, now, tray, {"note": note}
            )
            await self._commits.submit(record(verdict))

    def _take_back(self, card: str, where: str | None) -> None:
        """Take a card out of the reject tray, to look at it again."""
        if where == "reject":
            self._floor.move(card, "", origin=where)
        elif where != "floor":
            raise DeviceError("NO_SUCH_CARD", "only a reject is looked at again: ask CARD")

    def _drop_images(self, card: str, tray: str) -> None:
        keep = self._settings.keep_images
        wanted = keep == "all" or (keep == "test" and card.startswith(_TEST_PREFIX))
        if tray == "output" and not wanted:
            self._floor.erase(card, FRONT, BACK)

    async def _destroy(self, request: Frame) -> Reply:
        card = fields.text(request.header, "card")
        async with self._one_at_a_time(card):
            if not self._ledger.acts(card=card, act="destroy"):
                blank = (await self._take_for_destruction(card)).blank
                await self._commits.submit(start(card, card, blank, "destroy"))
                self._shred(card)
                await self._commits.submit(finish(card, "destroy", "done"))
        return Reply(self._whole_story(card))

    async def _take_for_destruction(self, card: str) -> Passport:
        where = self._floor.whereabouts(card)
        if where == "floor":
            await self._end_transaction(card, self._seat(card))
            return self._leave(card)
        if where == "destroyed":
            raise DeviceError("DESTROYED_ELSEWHERE", "another shredder's ledger counts this card")
        return self._floor.passport(card, where or "")

    async def _card(self, request: Frame) -> Reply:
        return Reply(self._whole_story(fields.text(request.header, "card")))

    def _whole_story(self, card: str) -> dict[str, Any]:
        where = self._floor.whereabouts(card)
        destroyed = [act.finished for act in self._ledger.acts(card=card, act="destroy")]
        verdicts = self._ledger.acts(card=card, act="verdict")
        blank = None
        if where is not None:
            blank = self._floor.passport(card, "" if where == "floor" else where).blank
        return {
            "card": card,
            "blank": blank,
            "in": where,
            "note": verdicts[-1].detail["note"]
            if verdicts and verdicts[-1].result == where
            else "",
            "destroyed": destroyed[0] if destroyed else None,
        }

    def _one_at_a_time(self, card: str) -> asyncio.Lock:
        # Locks of finished cards are swept when many have gathered, so the memory stays small.
        if len(self._moving) > 1000:
            self._moving = {name: lock for name, lock in self._moving.items() if lock.locked()}
        return self._moving.setdefault(card, asyncio.Lock())
