"""The encoder: N heads, each a magnetic head and a contact station."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cardwright.devices import fields
from cardwright.devices.chipslot import ChipSlot, ChipWorks, pack_apdus, succeeded, unpack_apdus
from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan
from cardwright.devices.floor import CHIP, STRIPE, Floor
from cardwright.devices.frames import Frame
from cardwright.devices.headsession import Session, written
from cardwright.devices.ledger import (
    Act,
    GroupCommit,
    Ledger,
    Statement,
    Sync,
    finish,
    record,
    start,
)
from cardwright.devices.msrport import MsrPort
from cardwright.devices.server import Handler, Reply
from cardwright.devices.stripe import drop_a_bit, pack_tracks, parse_tracks, read_stripe, to_file
from cardwright.devices.swipedcard import SwipedCard
from cardwright.devices.wiredhead import Address, WiredChip

__all__ = ["FAULTS", "POWER_CUT_EXIT", "Encoder", "EncoderSettings"]

FAULTS = ("stripe_weak", "chip_mute", "power_cut", "jam")
POWER_CUT_EXIT = 70
_STATES = {"good": "done", "reject": "rejected", "interrupted": "interrupted"}


@dataclass(frozen=True)
class EncoderSettings:
    """What an installer sets.

    Attributes:
        serial: the machine's serial number.
        heads: how many cards can be inside at once.
        stripe_seconds: how long one pass over the magnetic head takes.
        seed: chooses which bit a weak head loses.
        sync: the ledger's durability (see ledger.py).
        readers: heads whose contacts lead to a virtual reader; the others' lead to the machine.
        swipes: heads whose stripe is written by a swipe encoder, whose terminal's name lies there.
    """

    serial: str = "ENC-0001"
    heads: int = 16
    stripe_seconds: float = 0.0
    seed: int = 0
    sync: Sync = "normal"
    readers: Mapping[int, Address] = field(default_factory=dict)
    swipes: Mapping[int, Path] = field(default_factory=dict)


class Encoder:
    """The machine behind the encoder's commands.

    Two commits a card: FEED announces the session before anything touches the card, EJECT closes
    it together with what was done. A card that a dead machine still holds was interrupted.
    """

    def __init__(
        self,
        state: Path,
        floor: Floor,
        plan: FaultPlan,
        works: ChipWorks,
        settings: EncoderSettings,
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._settings, self._floor, self._plan, self._works = settings, floor, plan, works
        self._ledger = Ledger(state / "ledger.db", sync=settings.sync)
        self._commits = GroupCommit(self._ledger)
        self._sessions: dict[str, Session] = {}
        self._worn: set[int] = set()
        self._swipes = {
            head: MsrPort(link, partial(self._at_the_head, head))
            for head, link in settings.swipes.items()
        }
        self._luck = random.Random(settings.seed)  # noqa: S311  which bit a fault hits: no secret

    @property
    def commands(self) -> Mapping[str, Handler]:
        """The handlers by command name (docs/devices.md)."""
        return {
            "HELLO": self._hello,
            "FEED": self._feed,
            "POWER": self._power,
            "APDU": self._apdu,
            "APDUS": self._apdus,
            "WRITE_STRIPE": self._write_stripe,
            "READ_STRIPE": self._read_stripe,
            "EJECT": self._eject,
            "JOB": self._job,
            "TEST": self._test,
            "WEAR": self._wear,
            "FAULT": self._fault,
        }

    # -- the mechanics

    def recover(self) -> None:
        """Empty the heads: finish an ejection that was decided, reject what was interrupted."""
        lost = {act.card: act for act in self._ledger.open_acts() if act.act == "feed"}
        self._ledger.commit(
            [statement for act in lost.values() for statement in self._interrupted(act)]
        )
        for card in self._floor.held_by(self._settings.serial):
            fed = self._ledger.acts(card=card, act="feed")
            # A claim without a FEED in the ledger, or with a good end: the card is as it should be.
            self._put_out(card, None if not fed or fed[-1].result == "good" else fed[-1].result)

    async def run(self) -> None:
        """Nothing moves by itself: every act of an encoder is a command's."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Save the chips; cards still in a head are interrupted at the next start."""
        for session in self._sessions.values():
            await self._take_off(session)
            session.slot.save()
        for swipe in self._swipes.values():
            await asyncio.to_thread(swipe.close)
        await self._commits.close()
        self._ledger.close()

    def _interrupted(self, act: Act) -> list[Statement]:
        """Close a session that power loss ended, with what the card shows was done in it."""
        done = [
            record(Act(act.job_id, act.card, act.blank, name, act.started, time.time(), *how))
            for name, aspect in (("chip_session", CHIP), ("stripe_write", STRIPE))
            if self._floor.version(act.card, aspect) != act.detail["before"][aspect]
            for how in [("interrupted", {"recovered": True})]
        ]
        return [*done, finish(act.job_id, "feed", "interrupted", recovered=True)]

    def _put_out(self, card: str, spoiled: str | None) -> None:
        if spoiled is None:
            self._floor.release(card)
        else:
            self._floor.spoil(card, self._floor.passport(card), spoiled)

    async def _close(self, session: Session, result: str, **detail: Any) -> None:
        """The end of a session: ledger first, so that a death in between is finished by recover."""
        await self._take_off(session)
        session.slot.save()
        acts = [record(act) for act in (*session.stripe_writes, *session.chip_session())]
        await self._commits.submit(*acts, finish(session.job_id, "feed", result, **detail))
        self._put_out(session.card, None if result == "good" else result)
        self._sessions.pop(session.job_id)

    def _session(self, request: Frame) -> Session:
        session = self._sessions.get(fields.text(request.header, "job_id"))
        if session is None:
            raise DeviceError("NOT_IN_HEAD", "no head holds this job's card: ask JOB, or FEED it")
        return session

    async def _take_off(self, session: Session) -> None:
        if session.wired is not None:
            await asyncio.to_thread(session.wired.remove)

    def _contacts(self, request: Frame) -> Session:
        """The session, if the machine itself can talk to the chip in its head."""
        session = self._session(request)
        if session.wired is not None:
            raise DeviceError("CHIP_ELSEWHERE", "this head's contacts lead to a card reader")
        return session

    def _magnetic(self, request: Frame) -> Session:
        """The session, if the machine itself writes the stripe in its head."""
        session = self._session(request)
        if session.head in self._swipes:
            raise DeviceError("STRIPE_ELSEWHERE", "a swipe encoder writes this head's stripes")
        return session

    def _at_the_head(self, head: int) -> SwipedCard | None:
        """The card that a head's swipe encoder has before it; asked by its thread."""
        held = next((each for each in list(self._sessions.values()) if each.head == head), None)
        return (
            None
            if held is None or held.passport.stripe is None
            else SwipedCard(self._floor, held, self._luck)
        )

    def _head(self, request: Frame) -> int:
        return fields.whole(request.header, "head", 0, self._settings.heads - 1)

    def _free_head(self, request: Frame) -> int:
        busy = {session.head for session in self._sessions.values()}
        wanted = [self._head(request)] if "head" in request.header else range(self._settings.heads)
        free = next((head for head in wanted if head not in busy), None)
        if free is None:
            raise DeviceError("HEADS_BUSY", f"{len(wanted)} heads, and each holds a card")
        return free

    # -- the commands

    async def _hello(self, _: Frame) -> Reply:
        return Reply(
            {
                "model": "Cardwright ENC stripe and chip encoder (simulated)",
                "serial": self._settings.serial,
                "capabilities": ["contact", "hico", "loco", "track1", "track2", "track3"],
                "heads": self._settings.heads,
                "protocol": 1,
            }
        )

    async def _feed(self, request: Frame) -> Reply:
        job_id, card = (fields.text(request.header, name) for name in ("job_id", "card"))
        if (state := self._state(job_id))["state"] != "unknown":
            return Reply(state)
        head = self._free_head(request)
        passport = self._floor.passport(card)
        if not passport.printed:
            raise DeviceError("CARD_NOT_READY", "the card is still in the printer")
        self._floor.claim(card, self._settings.serial)
        slot = ChipSlot(self._works, self._floor, card, passport)
        faults = self._plan.draw() | ({"chip_mute", "stripe_weak"} if head in self._worn else set())
        session = Session(job_id, card, head, passport, slot, faults)
        self._sessions[job_id] = session
        async with session.one_command_at_a_time:
            before = {aspect: self._floor.version(card, aspect) for aspect in (CHIP, STRIPE)}
            fed = start(job_id, card, passport.blank, "feed", head=head, before=before)
            await self._commits.submit(fed)
            if "jam" in session.faults:
                await self._close(session, "ENCODER_JAM")
            elif head in self._settings.readers and passport.chip and "chip_mute" not in faults:
                session.wired = WiredChip(slot, self._settings.readers[head])
            if head in self._swipes:
                await asyncio.to_thread(self._swipes[head].attend)
        return Reply(self._state(job_id))

    async def _power(self, request: Frame) -> Reply:
        session = self._contacts(request)
        async with session.one_command_at_a_time:
            if "chip_mute" in session.faults and session.passport.chip:
                raise DeviceError("CHIP_MUTE", "no answer to reset: eject the card as a reject")
            return Reply({"atr": session.slot.power().hex()})

    async def _apdu(self, request: Frame) -> Reply:
        session = self._contacts(request)
        async with session.one_command_at_a_time:
            self._maybe_lose_power(session)
            response = session.slot.transmit(request.body)
        return Reply({"sw": response[-2:].hex()}, response)

    async def _apdus(self, request: Frame) -> Reply:
        session = self._contacts(request)
        commands = unpack_apdus(request.body)
        async with session.one_command_at_a_time:
            half = commands[: len(commands) // 2] if "power_cut" in session.faults else commands
            responses = session.slot.script(half)
            session.slot.save()
            self._maybe_lose_power(session)
        failed = bool(responses) and not succeeded(responses[-1])
        summary = {"count": len(responses), "complete": not failed}
        return Reply(summary, pack_apdus(responses))

    async def _write_stripe(self, request: Frame) -> Reply:
        session = self._magnetic(request)
        tracks = parse_tracks(request.header.get("tracks"))
        coercivity = fields.choice(request.header, "coercivity", ("hico", "loco"))
        if session.passport.stripe is None:
            raise DeviceError("NO_STRIPE", "this material has no stripe")
        if session.passport.stripe != coercivity:
            raise DeviceError("WRONG_COERCIVITY", f"the stripe is {session.passport.stripe}")
        async with session.one_command_at_a_time:
            begun = time.time()
            await asyncio.sleep(self._settings.stripe_seconds)  # the simulated pass of the card
            self._maybe_lose_power(session)
            if "stripe_weak" in session.faults and 2 in tracks:
                tracks[2] = drop_a_bit(tracks[2], self._luck)
            kept = read_stripe(self._floor.read(session.card, STRIPE))
            self._floor.write(session.card, STRIPE, to_file(coercivity, {**kept, **tracks}))
            written = session.act("stripe_write", begun, "done", tracks=sorted(tracks))
            session.stripe_writes.append(written)
        return Reply({"written": sorted(tracks)})

    async def _read_stripe(self, request: Frame) -> Reply:
        session = self._magnetic(request)
        if session.passport.stripe is None:
            raise DeviceError("NO_STRIPE", "this material has no stripe")
        async with session.one_command_at_a_time:
            tracks = read_stripe(self._floor.read(session.card, STRIPE))
        return Reply({"tracks": pack_tracks(tracks)})

    async def _eject(self, request: Frame) -> Reply:
        session = self._session(request)
        result = fields.choice(request.header, "result", ("good", "reject"))
        reason = {
            name: fields.text(request.header, name, most)
            for name, most in (("code", 200), ("memo", 500))
            if name in request.header
        }
        async with session.one_command_at_a_time:
            if session.job_id in self._sessions:  # another connection may just have ejected it
                await self._close(session, result, **reason)
        return Reply(self._state(session.job_id))

    async def _job(self, request: Frame) -> Reply:
        return Reply(self._state(fields.text(request.header, "job_id")))

    async def _test(self, request: Frame) -> Reply:
        head = self._head(request)
        return Reply({"head": head, "fit": head not in self._worn})

    async def _wear(self, request: Frame) -> Reply:
        head = self._head(request)
        if request.header.get("off") is True:
            self._worn.discard(head)
        else:
            self._worn.add(head)
        return Reply({"worn": sorted(self._worn)})

    async def _fault(self, request: Frame) -> Reply:
        return Reply(self._plan.command(request.header))

    def _state(self, job_id: str) -> dict[str, Any]:
        if (session := self._sessions.get(job_id)) is not None:
            return session.state()
        acts = self._ledger.acts(job_id=job_id)
        fed = next((act for act in acts if act.act == "feed"), None)
        if fed is None:
            return {"state": "unknown"}
        chip = next((act for act in acts if act.act == "chip_session"), None)
        result = str(fed.result)
        code = fed.detail.get("code") if result in _STATES else result
        return {
            "state": _STATES.get(result, "failed"),
            "blank": fed.blank,
            **({"code": code} if code else {}),
            **({"memo": fed.detail["memo"]} if "memo" in fed.detail else {}),
            "personalised": chip is not None and chip.result == "personalised",
            "chip": chip.detail.get("chip", "") if chip is not None else "",
            **written([act for act in acts if act.act == "stripe_write"]),
        }

    def _maybe_lose_power(self, session: Session) -> None:
        if "power_cut" in session.faults:
            os._exit(POWER_CUT_EXIT)
