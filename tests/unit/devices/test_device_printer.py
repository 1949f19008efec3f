from collections.abc import Callable
from typing import Any

import pytest

from cardwright.devices.ledger import Ledger, start
from tests.unit.devices.device_bench import Ask, Bench

RASTER = {"width": 20, "height": 12, "dpi": 300, "mode": "RGB"}
FACE = b"\xff" * (20 * 12 * 3)


async def printed(ask: Ask, job_id: str, body: bytes = b"", **fields: Any) -> dict[str, Any]:
    await ask("PRINT", body, job_id=job_id, material="pvc", **fields)
    return await ask("JOB", job_id=job_id, wait=10)


def acts(bench: Bench) -> list[tuple[str, str, str | None]]:
    ledger = Ledger.reading(bench.root / "prn" / "ledger.db")
    rows = [(act.job_id, act.blank, act.result) for act in ledger.acts(act="print")]
    ledger.close()
    return rows


async def test_a_job_takes_a_blank_and_leaves_a_printed_card(bench: Bench) -> None:
    async with bench.printer(serial="P1") as ask:
        assert (await ask("LOAD", material="pvc", count=3, stripe="loco"))["last"] == "P1-00000003"
        assert (await ask("JOB", job_id="j1"))["state"] == "unknown"
        done = await printed(ask, "j1", FACE * 2, **RASTER)
        assert done == {"state": "done", "blank": "P1-00000001"}
        assert (await ask("SUPPLIES"))["hopper"] == {"pvc": 2}
    assert acts(bench) == [("j1", "P1-00000001", "done")]
    passport = bench.floor.passport("j1")
    assert (passport.printed, passport.stripe, passport.chip) == (True, "loco", True)
    for face in ("front.jpg", "back.jpg"):
        assert (bench.floor.read("j1", face) or b"").startswith(b"\xff\xd8")


async def test_the_same_job_again_answers_and_prints_nothing(bench: Bench) -> None:
    async with bench.printer() as ask:
        await ask("LOAD", material="pvc", count=5)
        first = await printed(ask, "j1")
        assert await ask("PRINT", job_id="j1", material="pvc") == first
    async with bench.printer() as ask:
        assert await ask("PRINT", job_id="j1", material="pvc") == first
        assert (await ask("SUPPLIES"))["hopper"] == {"pvc": 4}
    assert len(acts(bench)) == 1


async def test_jobs_are_printed_in_order_and_the_queue_has_an_end(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    async with bench.printer(depth=2) as ask:
        for job in ("j1", "j2"):
            state = await ask("PRINT", job_id=job, material="pvc")
            assert state == {"state": "queued", "stopped": "HOPPER_EMPTY"}
        with refused("QUEUE_FULL"):
            await ask("PRINT", job_id="j3", material="pvc")
        await ask("LOAD", material="pvc", serials=["x1", "x2"])
        await ask("JOB", job_id="j2", wait=10)
    assert acts(bench) == [("j1", "x1", "done"), ("j2", "x2", "done")]


async def test_only_a_queued_job_can_be_cancelled(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    async with bench.printer() as ask:
        await ask("PRINT", job_id="j1", material="pvc")
        assert await ask("CANCEL", job_id="j1") == {"state": "cancelled"}
        assert await ask("JOB", job_id="j1") == {"state": "unknown"}
        await ask("LOAD", material="pvc", count=1)
        await printed(ask, "j2")
        for job in ("j1", "j2"):
            with refused("TOO_LATE"):
                await ask("CANCEL", job_id=job)
    assert [row[0] for row in acts(bench)] == ["j2"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("ribbon_out", "RIBBON_OUT"), ("film_out", "FILM_OUT"), ("hopper_empty", "HOPPER_EMPTY")],
)
async def test_what_has_run_out_stops_the_machine_until_resume(
    bench: Bench, fault: str, code: str
) -> None:
    async with bench.printer(f"{fault}:next=1") as ask:
        await ask("LOAD", material="pvc", count=1)
        state = await ask("PRINT", job_id="j1", material="pvc")
        assert state == {"state": "queued", "stopped": code}
        assert (await ask("SUPPLIES"))["stopped"] == code
        assert (await ask("JOB", job_id="j1", wait=0.05))["state"] == "queued"
        await ask("RESUME")
        assert (await ask("JOB", job_id="j1", wait=10))["state"] == "done"


async def test_a_cassette_serves_so_many_cards(bench: Bench) -> None:
    async with bench.printer(capacity=2) as ask:
        await ask("LOAD", material="pvc", count=9)
        for job in ("j1", "j2"):
            assert (await printed(ask, job))["state"] == "done"
    async with bench.printer(capacity=2) as ask:
        state = await ask("PRINT", job_id="j3", material="pvc")
        assert state == {"state": "queued", "stopped": "RIBBON_OUT"}
        await ask("RESUME")
        assert (await ask("JOB", job_id="j3", wait=10))["state"] == "done"
        assert (await ask("SUPPLIES"))["ribbon"] == 1


async def test_a_jam_spoils_the_card_and_the_next_job_goes_on(bench: Bench) -> None:
    async with bench.printer("jam:next=1") as ask:
        await ask("LOAD", material="pvc", serials=["x1", "x2"])
        jammed = {"state": "failed", "code": "PRINTER_JAM", "blank": "x1"}
        assert await printed(ask, "j1") == jammed
        assert await ask("JOB", job_id="j1") == jammed
        assert (await printed(ask, "j2"))["blank"] == "x2"
    assert bench.floor.whereabouts("j1") == "reject"
    assert bench.floor.passport("j1", "reject").spoiled == "PRINTER_JAM"


async def test_a_double_feed_spoils_two_blanks(bench: Bench) -> None:
    async with bench.printer("misfeed:next=1") as ask:
        await ask("LOAD", material="pvc", serials=["x1", "x2", "x3"])
        assert (await printed(ask, "j1"))["code"] == "MISFEED"
        assert (await printed(ask, "j2"))["blank"] == "x3"
    trays = [bench.floor.passport(card, "reject").blank for card in ("j1", "j1-double")]
    assert trays == ["x1", "x2"]


async def test_a_smudge_is_printed_as_if_nothing_were_wrong(bench: Bench) -> None:
    async with bench.printer() as ask:
        await ask("LOAD", material="pvc", count=2)
        await printed(ask, "clean", FACE, **RASTER)
        await ask("FAULT", fault="smudge", next=1)
        assert (await printed(ask, "dirty", FACE, **RASTER))["state"] == "done"
    assert bench.floor.read("clean", "front.jpg") != bench.floor.read("dirty", "front.jpg")


async def test_blanks_are_loaded_once(bench: Bench, refused: Callable[[str], Any]) -> None:
    async with bench.printer() as ask:
        await ask("LOAD", material="pvc", serials=["x1"])
        for again in (["x1"], ["x2", "x2"]):
            with refused("BLANK_KNOWN"):
                await ask("LOAD", material="pvc", serials=again)
        assert (await ask("SUPPLIES"))["hopper"] == {"pvc": 1}


@pytest.mark.parametrize("looks", ["untouched", "half printed", "printed", "spoilt"])
async def test_after_a_death_the_card_itself_decides(bench: Bench, looks: str) -> None:
    async with bench.printer() as ask:
        await ask("LOAD", material="pvc", serials=["x1", "x2"])
        await printed(ask, "j0")
    ledger = Ledger(bench.root / "prn" / "ledger.db")
    taken = ("UPDATE blank SET taken = 1 WHERE serial = ?", ("x2",))
    ledger.commit([start("j1", "j1", "x2", "print"), taken])
    ledger.close()
    if looks == "spoilt":
        bench.card("j1", printed=False)
        bench.floor.spoil("j1", bench.floor.passport("j1"), "PRINTER_JAM")
    elif looks != "untouched":
        bench.card("j1", printed=looks == "printed")
    expected = {
        "printed": {"state": "done", "blank": "x2"},
        "spoilt": {"state": "failed", "code": "PRINTER_JAM", "blank": "x2"},
    }.get(looks, {"state": "interrupted", "blank": "x2"})
    for _ in range(2):  # a second start finds nothing left to judge
        async with bench.printer() as ask:
            assert await ask("PRINT", job_id="j1", material="pvc") == expected
    assert bench.floor.whereabouts("j1") == ("floor" if looks == "printed" else "reject")


async def test_wrong_requests_are_refused_with_a_code(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    bench.card("elsewhere")
    async with bench.printer() as ask:
        refusals: list[tuple[str, str, dict[str, Any]]] = [
            ("UNKNOWN_COMMAND", "BREW", {}),
            ("BAD_FIELD", "PRINT", {}),
            ("BAD_FIELD", "PRINT", {"job_id": "j1"}),
            ("BAD_NAME", "PRINT", {"job_id": "../j1", "material": "pvc"}),
            ("CARD_EXISTS", "PRINT", {"job_id": "elsewhere", "material": "pvc"}),
            ("BAD_FIELD", "LOAD", {"material": "pvc", "count": 0}),
            ("BAD_FIELD", "LOAD", {"material": "pvc", "serials": [1]}),
            ("BAD_FIELD", "LOAD", {"material": "pvc", "count": 1, "stripe": "wide"}),
            ("UNKNOWN_FAULT", "FAULT", {"fault": "fire", "next": 1}),
        ]
        for code, command, fields in refusals:
            with refused(code):
                await ask(command, **fields)
        assert (await ask("HELLO"))["queue_depth"] == 8
