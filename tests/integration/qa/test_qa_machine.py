"""The station's driver against a real inspector process; the cards come from a real encoder."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image

from cardwright.card import Operation
from cardwright.card.events import Body, Disposition, Encoded, Inspected, OperationFailed
from cardwright.devices.floor import CHIP, Passport
from cardwright.driver import DeviceAddress
from cardwright.hsm.port import Authorization, AuthorizationItem, HsmError
from cardwright.localstack.ports import LOOPBACK, free_port
from cardwright.secret import SecretBytes
from cardwright.station.ports import DeviceUnavailableError, NotBegun, WorkOrder
from services.qa.adapters.inspector import Inspector
from services.qa.adapters.sections import read_expected
from services.qa.adapters.till import Till
from tests.integration.devices.device_process import Device
from tests.integration.encoding.encoding_line import Line
from tests.unit.encoding.encoding_kit import BLANK, badge_sections, debit_sections, order


def photo(text: str) -> bytes:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    symbol = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4))
    card = Image.new("RGB", (1012, 638), "#EEF2F6")
    card.paste(symbol.convert("RGB"), (700, 380))
    file = io.BytesIO()
    card.save(file, "JPEG", quality=85)
    return file.getvalue()


class NoModule:
    """Nobody pays here."""

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        raise AssertionError(len(items))


class Hall:
    """An inspector beside the encoder's line."""

    def __init__(self, root: Path) -> None:
        self.line = Line(root)
        self._port = ("--port", str(free_port()))
        self.machine = Device("inspector", root, *self._port, "--keep-images", "none")
        self.inspector = self.driver()

    def driver(self) -> Inspector:
        address = DeviceAddress("inspector-1", LOOPBACK, int(self._port[1]))
        return Inspector(address, 4, Till(NoModule(), []))

    def restart(self) -> None:
        self.machine.start(*self._port, "--keep-images", "none")

    async def made(self, card: str = "card", kind: str = "debit") -> WorkOrder:
        """A printed and encoded card, and the order to inspect it."""
        encode = self.line.printed(card, kind)
        self.line.photographed(encode, photo(encode.card_id))
        encoded = await self.line.perform(encode)
        assert isinstance(encoded, Encoded)
        return replace(order(card, Operation.INSPECT), cplc=encoded.cplc, atc=encoded.atc)

    async def inspect(self, made: WorkOrder, kind: str = "debit") -> Body:
        sections = {"debit": debit_sections, "badge": badge_sections}[kind](made.card_id)
        wanted = read_expected(SecretBytes(sections["inspection"]), chip=True, render=True)
        return await self.inspector.perform(made, wanted)

    def place(self, made: WorkOrder) -> str | None:
        return self.line.floor.whereabouts(made.job_id)


PASSED = Inspected(BLANK, passed=True, device="inspector-1")


@pytest_asyncio.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    opened = Hall(tmp_path)
    async with opened.line:
        yield opened
        await opened.inspector.close()
        opened.machine.close()


@pytest.mark.parametrize("kind", ["debit", "badge"])
async def test_a_good_card_passes_and_lies_in_the_output(hall: Hall, kind: str) -> None:
    made = await hall.made(kind=kind)
    assert await hall.inspector.recall(made) == NotBegun()
    assert await hall.inspect(made, kind) == PASSED
    assert hall.place(made) == "output"


async def test_a_verdict_is_told_again_after_every_death(hall: Hall) -> None:
    made = await hall.made()
    await hall.inspect(made)
    hall.machine.kill()
    with pytest.raises(DeviceUnavailableError):
        await hall.inspector.recall(made)
    hall.restart()
    # Its pictures are gone by now: the output tray is the verdict.
    assert await hall.inspector.recall(made) == PASSED
    assert await hall.inspect(made) == PASSED
    assert len(hall.machine.acts("move")) == 1


async def test_a_reject_is_looked_at_again(hall: Hall) -> None:
    made = replace(await hall.made(), blank_serial="B-0")
    failed = Inspected(BLANK, False, ("DEFECT_BLANK_SWAPPED",), "inspector-1")
    assert await hall.inspect(made) == failed
    assert hall.place(made) == "reject"
    assert await hall.inspector.recall(made) == NotBegun()
    assert await hall.inspect(made) == failed
    assert hall.place(made) == "reject"


async def test_a_machine_that_died_with_the_card_inside_looks_again(hall: Hall) -> None:
    made = await hall.made()
    hall.machine.ask("INSPECT", card=made.job_id)
    hall.machine.kill()
    hall.restart()
    assert await hall.inspector.recall(made) == NotBegun()
    assert await hall.inspect(made) == PASSED


async def test_what_is_wrong_with_a_card_is_found(hall: Hall) -> None:
    floor = hall.line.floor
    other, smudged, weak, blank_chip = [
        await hall.made(name) for name in ("other", "smudged", "weak", "blank-chip")
    ]
    floor.write(other.job_id, "back.jpg", photo("another card"))
    floor.write(smudged.job_id, "back.jpg", b"no picture")
    stripe = floor.read(weak.job_id, "stripe.json") or b""
    floor.write(
        weak.job_id, "stripe.json", stripe.replace(b'"2": {"bits": "0000', b'"2": {"bits": "1000')
    )
    floor.erase(blank_chip.job_id, CHIP)
    found = [await hall.inspect(made) for made in (other, smudged, weak, blank_chip)]
    assert [getattr(fact, "defects", None) for fact in found] == [
        ("DEFECT_BARCODE_WRONG",),
        ("DEFECT_BARCODE_UNREADABLE",),
        ("DEFECT_STRIPE_UNREADABLE",),
        ("DEFECT_CHIP_APPLICATION",),
    ]
    assert {hall.place(made) for made in (other, smudged, weak, blank_chip)} == {"reject"}


async def test_a_chip_that_was_exchanged_since_it_was_encoded_is_found(hall: Hall) -> None:
    made = await hall.made()
    assert len(made.cplc) == 42
    fact = await hall.inspect(replace(made, cplc=made.cplc[::-1]))
    assert isinstance(fact, Inspected)
    assert fact.defects == ("DEFECT_CHIP_SWAPPED",)


async def test_a_card_with_no_chip_in_it_is_mute(hall: Hall) -> None:
    made = await hall.made()
    passport = Passport(BLANK, "pvc", chip=False, stripe="hico", printed=True)
    hall.line.floor.stamp(made.job_id, passport)
    fact = await hall.inspect(made)
    assert isinstance(fact, Inspected)
    assert fact.defects == ("DEFECT_CHIP_MUTE",)


async def test_a_card_that_lies_nowhere_is_for_a_person(hall: Hall) -> None:
    fact = await hall.inspect(order("nobody", Operation.INSPECT))
    assert isinstance(fact, OperationFailed)
    assert (fact.code, fact.disposition) == ("NO_SUCH_CARD", Disposition.UNCERTAIN)


async def test_a_card_inside_another_machine_is_waited_for(hall: Hall) -> None:
    made = await hall.made()
    hall.line.floor.claim(made.job_id, "another")
    with pytest.raises(DeviceUnavailableError):
        await hall.inspect(made)
    hall.line.floor.release(made.job_id)
    assert await hall.inspect(made) == PASSED
