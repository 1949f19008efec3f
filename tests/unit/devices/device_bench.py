from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cardwright.devices.chipslot import ChipWorks
from cardwright.devices.encoder import FAULTS as ENCODER_FAULTS
from cardwright.devices.encoder import Encoder, EncoderSettings
from cardwright.devices.errors import DeviceError
from cardwright.devices.faults import FaultPlan, parse_rule
from cardwright.devices.floor import Floor, Passport
from cardwright.devices.frames import Frame, decode
from cardwright.devices.inspector import Inspector, InspectorSettings
from cardwright.devices.mailer import FAULTS as MAILER_FAULTS
from cardwright.devices.mailer import Mailer, MailerSettings
from cardwright.devices.printer import FAULTS as PRINTER_FAULTS
from cardwright.devices.printer import Printer, PrinterSettings
from cardwright.devices.server import Machine, answer
from cardwright.secret import SecretBytes


class FakeChip:
    """Counts accepted STORE DATA; refuses INS 00; CLA 0F asks what it remembers."""

    def __init__(self, memory: dict[str, Any]) -> None:
        self.memory = memory

    def power_on(self, contactless: bool = False, /) -> bytes:
        return b"" if contactless else b"\x3b\x00"

    def process(self, command: bytes, /) -> bytes:
        if command[1] == 0x00:
            return b"\x6d\x00"
        if command[1] == 0xE2:
            self.memory["stored"] += 1
        return bytes([self.memory["stored"]]) + b"\x90\x00"

    def serialize(self) -> bytes:
        return json.dumps(self.memory).encode()


WORKS = ChipWorks(
    manufacture=lambda serial, _: FakeChip({"serial": serial.hex(), "stored": 0}),
    restore=lambda memory: FakeChip(json.loads(memory)),
    kmc=SecretBytes(bytes(16)),
)


class Bench:
    """A floor in a folder, machines on it, and a driver's way of asking them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.floor = Floor(root / "floor")

    @asynccontextmanager
    async def printer(self, *faults: str, **settings: Any) -> AsyncIterator[Ask]:
        plan = _plan(PRINTER_FAULTS, faults)
        machine = Printer(self.root / "prn", self.floor, plan, PrinterSettings(**settings))
        async with _running(machine) as ask:
            yield ask

    @asynccontextmanager
    async def encoder(self, *faults: str, **settings: Any) -> AsyncIterator[Ask]:
        plan = _plan(ENCODER_FAULTS, faults)
        machine = Encoder(self.root / "enc", self.floor, plan, WORKS, EncoderSettings(**settings))
        async with _running(machine) as ask:
            yield ask

    @asynccontextmanager
    async def inspector(self, **settings: Any) -> AsyncIterator[Ask]:
        machine = Inspector(self.root / "ins", self.floor, WORKS, InspectorSettings(**settings))
        async with _running(machine) as ask:
            yield ask

    @asynccontextmanager
    async def mailer(self, *faults: str, **settings: Any) -> AsyncIterator[Ask]:
        plan = _plan(MAILER_FAULTS, faults)
        machine = Mailer(self.root / "pmx", plan, MailerSettings(**settings))
        async with _running(machine) as ask:
            yield ask

    def card(self, name: str, **passport: Any) -> None:
        """A printed card on the floor, without a printer."""
        given = {"material": "pvc", "chip": True, "stripe": "hico", "printed": True}
        self.floor.place(name, Passport(**{"blank": f"blank-of-{name}", **given, **passport}))


class Ask:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    async def __call__(self, command: str, body: bytes = b"", **fields: Any) -> dict[str, Any]:
        ok, _ = await self.both(command, body, **fields)
        return ok

    async def both(
        self, command: str, body: bytes = b"", **fields: Any
    ) -> tuple[dict[str, Any], bytes]:
        reply = decode(
            await answer(self.machine, Frame({"id": 1, "command": command, **fields}, body))
        )
        assert reply is not None
        header = reply[0].header
        assert header["id"] == 1
        if "error" in header:
            raise DeviceError(header["error"]["code"], header["error"]["message"])
        return header["ok"], reply[0].body


def _plan(known: tuple[str, ...], faults: tuple[str, ...]) -> FaultPlan:
    plan = FaultPlan(known, seed=7)
    for fault in faults:
        plan.set(*parse_rule(fault))
    return plan


@asynccontextmanager
async def _running(machine: Machine) -> AsyncIterator[Ask]:
    machine.recover()
    mechanics = asyncio.create_task(machine.run())
    yield Ask(machine)
    await machine.close()
    mechanics.cancel()
    await asyncio.gather(mechanics, return_exceptions=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def refused() -> Callable[[str], Any]:
    """Expect a DeviceError with a code."""

    def expect(code: str) -> Any:
        return pytest.raises(DeviceError, check=lambda fault: fault.code == code)

    return expect
