from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from cardwright.devices.errors import DeviceError
from cardwright.devices.ledger import Ledger, start
from cardwright.devices.letters import PIN_FIELD, PIN_SIZE
from tests.unit.devices.device_bench import Ask, Bench

LINES = ["Ines Marlowe", "1 Harbour Lane", "AB1 2CD Aldermoor", "GB"]


def letter(pin: str = "4711", **changes: Any) -> bytes:
    content = {"lines": LINES, "issuer": "Aldermoor Bank", "last_four": "7891", "pin": pin}
    return json.dumps({**content, **changes}).encode()


async def printed(ask: Ask, job_id: str, body: bytes | None = None) -> dict[str, Any]:
    await ask("PRINT", letter() if body is None else body, job_id=job_id)
    return await ask("JOB", job_id=job_id, wait=10)


def acts(bench: Bench) -> list[tuple[str, str, str | None]]:
    ledger = Ledger.reading(bench.root / "pmx" / "ledger.db")
    rows = [(act.job_id, act.blank, act.result) for act in ledger.acts(act="print")]
    ledger.close()
    return rows


def look(bench: Bench, form: str, side: str) -> Image.Image:
    return Image.open(io.BytesIO((bench.root / "pmx" / "post" / form / side).read_bytes()))


def written(pin: str) -> Image.Image:
    """The PIN's field as a reader who knows the typeface expects it."""
    left, top, right, bottom = PIN_FIELD
    field = Image.new("L", (right - left, bottom - top), 255)
    middle = (field.width / 2, field.height / 2)
    font = ImageFont.load_default(PIN_SIZE)
    ImageDraw.Draw(field).text(middle, pin, 0, font, anchor="mm")
    return field.crop((5, 5, field.width - 5, field.height - 5))


def field_of(image: Image.Image) -> Image.Image:
    left, top, right, bottom = PIN_FIELD
    return image.crop((left + 5, top + 5, right - 5, bottom - 5))


async def test_a_job_takes_a_form_and_leaves_a_sealed_mailer(bench: Bench) -> None:
    async with bench.mailer(serial="M1") as ask:
        assert (await ask("LOAD", count=3))["last"] == "M1-00000003"
        assert await ask("JOB", job_id="j1") == {"state": "unknown"}
        assert await printed(ask, "j1") == {"state": "done", "form": "M1-00000001"}
        supplies = await ask("SUPPLIES")
        assert (supplies["forms"], supplies["next"]) == (2, "M1-00000002")
    assert acts(bench) == [("j1", "M1-00000001", "done")]
    opened = field_of(look(bench, "M1-00000001", "opened.png"))
    assert opened.tobytes() == written("4711").tobytes() != written("4712").tobytes()


async def test_the_seal_shows_nothing_of_the_pin(bench: Bench) -> None:
    async with bench.mailer(keep="sealed") as ask:
        await ask("LOAD", serials=["f1", "f2"])
        await printed(ask, "j1", letter("000000"))
        await printed(ask, "j2", letter("9182"))
    sealed = [field_of(look(bench, form, "sealed.png")).tobytes() for form in ("f1", "f2")]
    assert sealed[0] == sealed[1]
    left = {file.name for file in (bench.root / "pmx" / "post" / "f1").iterdir()}
    assert left == {"sealed.png"}
    assert (bench.root / "pmx" / "post").stat().st_mode & 0o077 == 0


async def test_the_same_job_again_answers_and_prints_nothing(bench: Bench) -> None:
    async with bench.mailer() as ask:
        await ask("LOAD", count=5)
        first = await printed(ask, "j1")
        assert await ask("PRINT", letter(), job_id="j1") == first
    async with bench.mailer() as ask:
        assert await ask("PRINT", letter("0815"), job_id="j1") == first
        assert (await ask("SUPPLIES"))["forms"] == 4
    assert len(acts(bench)) == 1


async def test_jobs_wait_for_forms_in_order_and_the_queue_has_an_end(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    async with bench.mailer(depth=2) as ask:
        for job in ("j1", "j2"):
            state = await ask("PRINT", letter(), job_id=job)
            assert state == {"state": "queued", "stopped": "FORMS_OUT"}
        with refused("QUEUE_FULL"):
            await ask("PRINT", letter(), job_id="j3")
        await ask("LOAD", serials=["f1", "f2"])
        await ask("JOB", job_id="j2", wait=10)
    assert acts(bench) == [("j1", "f1", "done"), ("j2", "f2", "done")]


async def test_only_a_queued_job_can_be_cancelled(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    async with bench.mailer() as ask:
        await ask("PRINT", letter(), job_id="j1")
        assert await ask("CANCEL", job_id="j1") == {"state": "cancelled"}
        assert await ask("JOB", job_id="j1") == {"state": "unknown"}
        await ask("LOAD", count=1)
        await printed(ask, "j2")
        for job in ("j1", "j2"):
            with refused("TOO_LATE"):
                await ask("CANCEL", job_id=job)


async def test_the_end_of_the_forms_stops_the_machine_until_resume(bench: Bench) -> None:
    async with bench.mailer("forms_out:next=1") as ask:
        await ask("LOAD", count=1)
        await ask("RESUME")
        state = await ask("PRINT", letter(), job_id="j1")
        assert state == {"state": "queued", "stopped": "FORMS_OUT"}
        await ask("RESUME")
        assert (await ask("JOB", job_id="j1", wait=10))["state"] == "done"


async def test_a_jammed_form_is_shredded_and_the_next_job_goes_on(bench: Bench) -> None:
    async with bench.mailer("jam:next=1") as ask:
        await ask("LOAD", serials=["f1", "f2"])
        jammed = {"state": "failed", "code": "MAILER_JAM", "form": "f1"}
        assert await printed(ask, "j1") == jammed == await ask("JOB", job_id="j1")
        assert (await printed(ask, "j2"))["form"] == "f2"
    root = bench.root / "pmx"
    assert [path.name for path in (root / "post").iterdir()] == ["f2"]
    assert list((root / "path").iterdir()) == list((root / "stuck").iterdir()) == []


async def test_forms_are_loaded_once(bench: Bench, refused: Callable[[str], Any]) -> None:
    async with bench.mailer() as ask:
        await ask("LOAD", serials=["f1"])
        for again in (["f1"], ["f2", "f2"]):
            with refused("FORM_KNOWN"):
                await ask("LOAD", serials=again)
        assert (await ask("SUPPLIES"))["forms"] == 1


@pytest.mark.parametrize("where", ["nowhere", "path", "post"])
async def test_after_a_death_the_tray_decides(bench: Bench, where: str) -> None:
    async with bench.mailer() as ask:
        await ask("LOAD", serials=["f0", "f1"])
        await printed(ask, "j0")
    ledger = Ledger(bench.root / "pmx" / "ledger.db")
    taken = ("UPDATE form SET taken = 1 WHERE serial = ?", ("f1",))
    ledger.commit([start("j1", "j1", "f1", "print"), taken])
    ledger.close()
    if where != "nowhere":
        (bench.root / "pmx" / where / "f1").mkdir()
    state = "done" if where == "post" else "interrupted"
    for _ in range(2):  # a second start finds nothing left to judge
        async with bench.mailer() as ask:
            assert await ask("PRINT", letter(), job_id="j1") == {"state": state, "form": "f1"}
    stuck = [path.name for path in (bench.root / "pmx" / "stuck").iterdir()]
    assert stuck == (["f1"] if where == "path" else [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        letter("123"),
        letter("12a4"),
        letter("1" * 13),
        letter("\u0661\u0662\u0663\u0664"),
        letter(lines=[]),
        letter(lines=["x"] * 9),
        letter(lines="Ines"),
        letter(lines=[""]),
        letter(issuer=7),
        json.dumps({"pin": 4711}).encode(),
    ],
)
async def test_a_letter_that_cannot_be_one_is_refused_without_a_word_of_it(
    bench: Bench, body: bytes
) -> None:
    async with bench.mailer() as ask:
        with pytest.raises(DeviceError, check=lambda fault: fault.code == "BAD_LETTER") as caught:
            await ask("PRINT", body, job_id="j1")
        assert await ask("JOB", job_id="j1") == {"state": "unknown"}
    told = [str(caught.value), repr(caught.value.__context__), repr(caught.value.__cause__)]
    assert not any("4711" in text or "Ines" in text for text in told)


async def test_wrong_requests_are_refused_with_a_code(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    async with bench.mailer() as ask:
        refusals: list[tuple[str, str, dict[str, Any]]] = [
            ("UNKNOWN_COMMAND", "BREW", {}),
            ("BAD_NAME", "PRINT", {}),
            ("BAD_NAME", "PRINT", {"job_id": "../j1"}),
            ("BAD_FIELD", "LOAD", {"count": 0}),
            ("BAD_FIELD", "LOAD", {"serials": []}),
            ("BAD_NAME", "LOAD", {"serials": ["a/b"]}),
            ("UNKNOWN_FAULT", "FAULT", {"fault": "fire", "next": 1}),
        ]
        for code, command, given in refusals:
            with refused(code):
                await ask(command, **given)
        assert (await ask("HELLO"))["queue_depth"] == 8
