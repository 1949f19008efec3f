"""A PIN goes its own way: after its card, apart from it, once, and it is the chip's."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from cardwright.card import Card, Operation, Status, Verb
from cardwright.card.events import Dispatched, OperationFailed, PinMailed
from cardwright.chip import Chip
from cardwright.devices.letters import PIN_FIELD, PIN_SIZE
from cardwright.eventlog.codec import LoggedEvent
from cardwright.line.processes import LineOptions
from cardwright.localstack.choose import Stack
from tests.e2e.command import cardwright
from tests.e2e.conftest import load_blanks
from tests.e2e.people import debit
from tests.support.line import LineUnderTest, line_under_test

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DELAY = 5.0
CARDS = 6
SELECT = bytes.fromhex("00A4040007F0435754530101") + b"\0"
OK = b"\x90\x00"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(own_folder: Path, stack: Stack) -> AsyncIterator[LineUnderTest]:
    options = LineOptions(
        faults={"mailer-1": ("jam:every=4",)},
        settings={"CARDWRIGHT_RENDER": "off"},
        pin_delay=DELAY,
    )
    async with line_under_test(own_folder, stack, options) as running:
        await load_blanks(running)
        yield running


async def test_each_pin_follows_its_card_once_whatever_dies(line: LineUnderTest) -> None:
    await line.submit({"aurora-bank": [debit() for _ in range(CARDS)]})
    await line.until(
        lambda cards: len(cards) == CARDS and any(c.due is Operation.MAIL_PIN for c in cards),
        120,
        "a card has left",
    )
    line.kill("pinmailer")
    await line.until(lambda cards: any(c.status.terminal for c in cards), 60, "a PIN is mailed")
    line.kill("mailer-1")
    line.kill("pinmailer")
    cards = await line.until(
        lambda cards: all(c.status.terminal or c.quarantined for c in cards), 120, "PINs are mailed"
    )
    own = await streams(line)
    for card in cards.values():
        bodies = [event.fact.body for event in own[card.card_id]]
        mailed = [body for body in bodies if isinstance(body, PinMailed)]
        assert len(mailed) == (card.status is Status.DISPATCHED)
        assert waited(own[card.card_id]) >= DELAY
    acts = line.acts("mailer-1")
    assert not [job for job, times in Counter(a.job_id for a in acts).items() if times > 1]
    assert not [form for form, times in Counter(a.blank for a in acts).items() if times > 1]
    assert {a.blank for a in acts if a.result == "done"} == stated(own, PinMailed)
    spent = {a.blank for a in acts if a.result != "done"}
    assert spent == stated(own, OperationFailed), "what was not mailed is stated, form by form"
    assert any(a.result == "MAILER_JAM" for a in acts)


async def test_the_mailed_pin_is_the_chips(line: LineUnderTest) -> None:
    own = await streams(line)
    posted = {
        event.stream_id: event.fact.body.form_serial
        for events in own.values()
        for event in events
        if isinstance(event.fact.body, PinMailed)
    }
    assert posted
    for card, form in list(posted.items())[:2]:
        pin = read(line.layout.root / "devices" / "mailer-1" / "post" / form / "opened.png")
        (place,) = (line.layout.floor / "output").glob(f"{card}-*")
        chip = Chip.restore((place / "chip.bin").read_bytes())
        chip.power_on()
        assert chip.process(SELECT)[-2:] == OK
        assert chip.process(verify(f"{(int(pin) + 1) % 10_000:04d}"))[-2:-1] == b"\x63"
        assert chip.process(verify(pin)) == OK


async def test_a_revoked_card_gets_no_mailer_and_stays_dispatched(line: LineUnderTest) -> None:
    before = len(line.acts("mailer-1"))
    await line.submit({"aurora-bank": [debit()]})

    def lies(card: Card) -> bool:
        return card.due is Operation.MAIL_PIN

    cards = await line.until(lambda cards: any(map(lies, cards)), 60, "a mailer lies")
    (card,) = filter(lies, cards.values())
    await line.operator.command([card.card_id], Verb.REVOKE, "test")
    now = (
        await line.until(
            lambda cards: any(c.card_id == card.card_id and c.status.terminal for c in cards),
            60,
            "the revoked card is at its end",
        )
    )[card.card_id]
    assert now.status is Status.DISPATCHED
    assert not any(
        isinstance(event.fact.body, PinMailed) for event in (await streams(line))[card.card_id]
    )
    assert len(line.acts("mailer-1")) == before


async def test_every_form_is_accounted_for(line: LineUnderTest) -> None:
    said = await cardwright("audit", "stock", "--json", state=line.layout.root)
    assert said.status == 0, said.output
    (forms,) = (m for m in said.json["materials"] if m["material"] == "pin-mailer")
    results = Counter(act.result for act in line.acts("mailer-1"))
    assert forms["dispatched"] == results["done"]
    assert forms["destroyed"] == results["MAILER_JAM"]
    assert forms["used"] == sum(results.values())


async def streams(line: LineUnderTest) -> dict[str, list[LoggedEvent]]:
    found: dict[str, list[LoggedEvent]] = {}
    for event in await line.events():
        found.setdefault(event.stream_id, []).append(event)
    return found


def stated(
    streams: dict[str, list[LoggedEvent]], kind: type[PinMailed | OperationFailed]
) -> set[str]:
    """The forms that facts of a kind name."""
    bodies = [event.fact.body for events in streams.values() for event in events]
    return {body.form_serial for body in bodies if isinstance(body, kind) and body.form_serial}


def waited(events: list[LoggedEvent]) -> float:
    """Seconds from a card's dispatch to the first word about its mailer."""
    left = next(i for i, event in enumerate(events) if isinstance(event.fact.body, Dispatched))
    return (events[left + 1].recorded_at - events[left].recorded_at).total_seconds()


def verify(pin: str) -> bytes:
    """VERIFY with the plain PIN block of EMV Book 3, 6.5.12."""
    block = bytes.fromhex(f"2{len(pin)}{pin}".ljust(16, "F"))
    return bytes.fromhex("0020008008") + block


def read(image: Path) -> str:
    """Read four digits by trying all: nothing else looks like them."""
    left, top, right, bottom = PIN_FIELD
    field = Image.open(image).crop((left + 5, top + 5, right - 5, bottom - 5))
    font = ImageFont.load_default(PIN_SIZE)

    def difference(pin: str) -> float:
        drawn = Image.new("L", (right - left, bottom - top), 255)
        middle = (drawn.width / 2, drawn.height / 2)
        ImageDraw.Draw(drawn).text(middle, pin, 0, font, anchor="mm")
        drawn = drawn.crop((5, 5, drawn.width - 5, drawn.height - 5))
        return sum(ImageStat.Stat(ImageChops.difference(field, drawn)).sum)

    return min((f"{number:04d}" for number in range(10_000)), key=difference)
