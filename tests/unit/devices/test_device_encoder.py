from collections.abc import Callable
from typing import Any

import pytest

from cardwright.devices.chipslot import pack_apdus, unpack_apdus
from cardwright.devices.ledger import Act, Ledger
from tests.unit.devices.device_bench import Ask, Bench

STORE = bytes.fromhex("84E2000000")
READ = bytes.fromhex("00B2010C00")
FAILING = bytes.fromhex("00000000")
TRACKS = {"1": {"bits": "a5a5", "length": 15}, "2": {"bits": "ffff", "length": 16}}


def acts(bench: Bench, **wanted: str) -> list[Act]:
    ledger = Ledger.reading(bench.root / "enc" / "ledger.db")
    found = ledger.acts(**wanted)
    ledger.close()
    return found


async def fed(ask: Ask, card: str = "c") -> None:
    assert (await ask("FEED", job_id=f"job-{card}", card=card))["state"] == "in_head"


async def test_a_card_gets_its_stripe_and_chip_in_two_commits(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        assert (await ask("POWER", job_id="job-c"))["atr"] == "3b00"
        ok, body = await ask.both("APDUS", pack_apdus([STORE, STORE]), job_id="job-c")
        assert ok == {"count": 2, "complete": True}
        assert unpack_apdus(body) == [b"\x01\x90\x00", b"\x02\x90\x00"]
        await ask("WRITE_STRIPE", job_id="job-c", tracks=TRACKS, coercivity="hico")
        assert (await ask("READ_STRIPE", job_id="job-c"))["tracks"] == TRACKS
        assert [act.act for act in acts(bench)] == ["feed"]
        done = await ask("EJECT", job_id="job-c", result="good")
        assert done == {
            "state": "done",
            "blank": "blank-of-c",
            "personalised": True,
            "chip": "",
            "stripe": True,
            "tracks": [1, 2],
        }
    results = {act.act: act.result for act in acts(bench)}
    assert results == {"feed": "good", "stripe_write": "done", "chip_session": "personalised"}
    assert bench.floor.held_by("ENC-0001") == []


async def test_a_reject_keeps_its_reason(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        await ask("EJECT", job_id="job-c", result="reject", code="STRIPE_READBACK")
    async with bench.encoder() as ask:
        state = await ask("JOB", job_id="job-c")
    assert (state["state"], state["code"]) == ("rejected", "STRIPE_READBACK")


async def test_the_same_job_again_encodes_nothing(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        await fed(ask)
        done = await ask("EJECT", job_id="job-c", result="good")
        assert await ask("FEED", job_id="job-c", card="c") == done
    assert len(acts(bench, act="feed")) == 1


async def test_a_script_stops_at_the_first_failure(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        await ask("POWER", job_id="job-c")
        script = pack_apdus([STORE, FAILING, STORE])
        ok, body = await ask.both("APDUS", script, job_id="job-c")
        assert ok == {"count": 2, "complete": False}
        assert unpack_apdus(body)[-1] == b"\x6d\x00"


async def test_the_chip_remembers_across_resets_and_sessions(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        await ask("POWER", job_id="job-c")
        await ask("APDU", STORE, job_id="job-c")
        await ask("POWER", job_id="job-c")
        _, body = await ask.both("APDU", READ, job_id="job-c")
        assert body == b"\x01\x90\x00"
        await ask("EJECT", job_id="job-c", result="good")
        await ask("FEED", job_id="again", card="c")
        await ask("POWER", job_id="again")
        _, body = await ask.both("APDU", READ, job_id="again")
        assert body == b"\x01\x90\x00"
        assert not (await ask("EJECT", job_id="again", result="good"))["personalised"]


async def test_heads_hold_a_card_each(bench: Bench, refused: Callable[[str], Any]) -> None:
    for card in ("a", "b", "c"):
        bench.card(card)
    async with bench.encoder(heads=2) as ask:
        await fed(ask, "a")
        with refused("CARD_HELD"):
            await ask("FEED", job_id="thief", card="a")
        await fed(ask, "b")
        with refused("HEADS_BUSY"):
            await ask("FEED", job_id="job-c", card="c")
        await ask("EJECT", job_id="job-a", result="reject")
        await fed(ask, "c")
    assert bench.floor.whereabouts("a") == "reject"


async def test_a_material_refuses_what_it_lacks(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    bench.card("plain", chip=False, stripe=None)
    bench.card("loco", stripe="loco")
    bench.card("wet", printed=False)
    async with bench.encoder() as ask:
        await fed(ask, "plain")
        await fed(ask, "loco")
        stripe = {"tracks": TRACKS, "coercivity": "hico"}
        refusals: list[tuple[str, str, dict[str, Any]]] = [
            ("NO_CHIP", "POWER", {"job_id": "job-plain"}),
            ("NO_STRIPE", "WRITE_STRIPE", {"job_id": "job-plain", **stripe}),
            ("NO_STRIPE", "READ_STRIPE", {"job_id": "job-plain"}),
            ("WRONG_COERCIVITY", "WRITE_STRIPE", {"job_id": "job-loco", **stripe}),
            ("NOT_POWERED", "APDU", {"job_id": "job-loco"}),
            ("NOT_IN_HEAD", "EJECT", {"job_id": "nobody", "result": "good"}),
            ("CARD_NOT_READY", "FEED", {"job_id": "wet", "card": "wet"}),
            ("NO_SUCH_CARD", "FEED", {"job_id": "none", "card": "none"}),
        ]
        for code, command, fields in refusals:
            with refused(code):
                await ask(command, **fields)


async def test_a_weak_head_spoils_track_two_only(bench: Bench) -> None:
    bench.card("c")
    async with bench.encoder("stripe_weak:next=1") as ask:
        await fed(ask)
        await ask("WRITE_STRIPE", job_id="job-c", tracks=TRACKS, coercivity="hico")
        found = (await ask("READ_STRIPE", job_id="job-c"))["tracks"]
    assert found["1"] == TRACKS["1"]
    assert int(found["2"]["bits"], 16).bit_count() == 15


async def test_a_mute_chip_and_a_jam(bench: Bench, refused: Callable[[str], Any]) -> None:
    bench.card("mute")
    bench.card("jammed")
    async with bench.encoder("chip_mute:next=1") as ask:
        await fed(ask, "mute")
        with refused("CHIP_MUTE"):
            await ask("POWER", job_id="job-mute")
        await ask("FAULT", fault="jam", next=1)
        state = await ask("FEED", job_id="job-jammed", card="jammed")
        assert (state["state"], state["code"]) == ("failed", "ENCODER_JAM")
    assert bench.floor.whereabouts("jammed") == "reject"


@pytest.mark.parametrize("touched", [False, True])
async def test_a_card_left_in_a_head_was_interrupted(bench: Bench, touched: bool) -> None:
    bench.card("c")
    async with bench.encoder() as ask:
        await fed(ask)
        if touched:
            await ask("WRITE_STRIPE", job_id="job-c", tracks=TRACKS, coercivity="hico")
    async with bench.encoder() as ask:
        state = await ask("FEED", job_id="job-c", card="c")
        assert (state["state"], state["stripe"]) == ("interrupted", touched)
    assert bench.floor.whereabouts("c") == "reject"
    expected = {"feed", "stripe_write"} if touched else {"feed"}
    assert {act.act for act in acts(bench)} == expected
    assert {act.result for act in acts(bench)} == {"interrupted"}


async def test_a_decided_ejection_is_finished_after_a_death(bench: Bench) -> None:
    for card in ("good", "bad", "claimed"):
        bench.card(card)
    async with bench.encoder() as ask:
        for card, result in (("good", "good"), ("bad", "reject")):
            await fed(ask, card)
            if result == "reject":
                bench.floor.release(card)
                await ask("EJECT", job_id=f"job-{card}", result=result)
                bench.floor.path(card, "reject").rename(bench.floor.path(card))
            else:
                await ask("EJECT", job_id=f"job-{card}", result=result)
    for card in ("good", "bad", "claimed"):
        bench.floor.claim(card, "ENC-0001")
    async with bench.encoder():
        places = [bench.floor.whereabouts(card) for card in ("good", "bad", "claimed")]
    assert places == ["floor", "reject", "floor"]
    assert bench.floor.held_by("ENC-0001") == []
