from collections.abc import Callable
from typing import Any

import pytest

from cardwright.devices.chipslot import pack_apdus
from cardwright.devices.ledger import Ledger, start
from cardwright.devices.stripe import Track, to_file
from tests.unit.devices.device_bench import Bench

READ, STORE = bytes.fromhex("00B2010C00"), bytes.fromhex("84E2000000")
PAYING = [
    bytes.fromhex(f"{cla:02X}{ins:02X}0000")
    for cla, ins in (
        *((0x80, 0xA8), (0x80, 0xAE), (0x00, 0x82), (0x00, 0x20)),
        *((0x84, 0x24), (0x84, 0x1E), (0x84, 0x18), (0x84, 0x16), (0x04, 0xDA), (0x04, 0xDC)),
    )
]


def made(bench: Bench, card: str = "c") -> None:
    bench.card(card)
    bench.floor.write(card, "front.jpg", b"front")
    bench.floor.write(card, "back.jpg", b"the back")
    bench.floor.write(card, "stripe.json", to_file("hico", {2: Track(b"\xd0", 8)}))


def count(bench: Bench, act: str) -> int:
    ledger = Ledger.reading(bench.root / "ins" / "ledger.db")
    found = len(ledger.acts(act=act))
    ledger.close()
    return found


async def test_one_reply_shows_the_whole_card(bench: Bench) -> None:
    made(bench)
    async with bench.inspector() as ask:
        found, body = await ask.both("INSPECT", card="c")
        assert body[: found["front"]] == b"front"
        assert body[found["front"] :] == b"the back"
        assert found["tracks"] == {"2": {"bits": "d0", "length": 8}}
        assert (found["blank"], found["chip"]) == ("blank-of-c", True)
        await ask("POWER", card="c")
        ok, _ = await ask.both("APDUS", pack_apdus([READ, READ]), card="c")
        assert ok == {"count": 2, "complete": True}


async def test_an_inspector_only_reads(bench: Bench, refused: Callable[[str], Any]) -> None:
    made(bench)
    async with bench.inspector() as ask:
        await ask("POWER", card="c")
        for command, body in (("APDU", STORE), ("APDUS", pack_apdus([READ, STORE]))):
            with refused("READ_ONLY"):
                await ask(command, body, card="c")
        with refused("NO_SUCH_CARD"):
            await ask("INSPECT", card="nobody")


async def test_a_customers_card_never_pays(bench: Bench, refused: Callable[[str], Any]) -> None:
    made(bench)
    async with bench.inspector() as ask:
        with refused("NOT_A_TEST_CARD"):
            await ask("TRANSACT", card="c")
        await ask("POWER", card="c")
        for command in PAYING:
            with refused("READ_ONLY"):
                await ask("APDU", command, card="c")
    assert count(bench, "transaction") == 0


async def test_a_chip_without_antenna_is_mute_in_the_field(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    bench.card("c", test=True)
    async with bench.inspector() as ask:
        for command in ("POWER", "TRANSACT"):
            with refused("CHIP_MUTE"):
                await ask(command, card="c", contactless=True)
            await ask(command, card="c")
    assert count(bench, "transaction") == 1


async def test_a_test_card_pays_until_it_is_reset(
    bench: Bench, refused: Callable[[str], Any]
) -> None:
    bench.card("c", test=True)
    async with bench.inspector() as ask:
        await ask("TRANSACT", card="c")
        for command in PAYING:
            await ask("APDU", command, card="c")
        with refused("READ_ONLY"):
            await ask("APDU", STORE, card="c")
        await ask("POWER", card="c")
        with refused("READ_ONLY"):
            await ask("APDU", PAYING[0], card="c")
        await ask("TRANSACT", card="c")
        await ask("MOVE", card="c", to="output")
    ledger = Ledger.reading(bench.root / "ins" / "ledger.db")
    ended = [(act.result, act.detail["commands"]) for act in ledger.acts(act="transaction")]
    ledger.close()
    assert ended == [("ended", len(PAYING)), ("ended", 0)]


async def test_a_transaction_that_a_death_broke_off_is_told(bench: Bench) -> None:
    made(bench)
    async with bench.inspector():
        pass
    ledger = Ledger(bench.root / "ins" / "ledger.db")
    ledger.commit([start("c", "c", "blank-of-c", "transaction")])
    ledger.close()
    async with bench.inspector():
        pass
    ledger = Ledger.reading(bench.root / "ins" / "ledger.db")
    assert [act.result for act in ledger.acts(act="transaction")] == ["interrupted"]
    ledger.close()


async def test_a_verdict_is_remembered_with_its_tray(bench: Bench) -> None:
    made(bench)
    async with bench.inspector() as ask:
        await ask("MOVE", card="c", to="reject", note="atc=0")
        assert (await ask("CARD", card="c"))["note"] == "atc=0"
        await ask("MOVE", card="c", to="floor")
        assert (await ask("CARD", card="c"))["note"] == ""
        await ask("MOVE", card="c", to="output", note="atc=1")
    async with bench.inspector() as ask:
        assert (await ask("CARD", card="c"))["note"] == "atc=1"


async def test_a_move_is_counted_once(bench: Bench, refused: Callable[[str], Any]) -> None:
    made(bench)
    async with bench.inspector() as ask:
        await ask("INSPECT", card="c")
        for _ in range(2):
            assert (await ask("MOVE", card="c", to="output"))["in"] == "output"
        with refused("NO_SUCH_CARD"):
            await ask("MOVE", card="c", to="reject")
        assert (await ask("CARD", card="c"))["in"] == "output"
    assert count(bench, "move") == 1


async def test_a_reject_can_be_looked_at_again(bench: Bench, refused: Callable[[str], Any]) -> None:
    made(bench)
    async with bench.inspector() as ask:
        await ask("MOVE", card="c", to="reject")
        for _ in range(2):
            assert (await ask("MOVE", card="c", to="floor"))["in"] == "floor"
        assert (await ask("INSPECT", card="c"))["blank"] == "blank-of-c"
        await ask("MOVE", card="c", to="output")
        story = await ask("CARD", card="c")
        assert (story["in"], story["blank"]) == ("output", "blank-of-c")
        with refused("NO_SUCH_CARD"):
            await ask("MOVE", card="c", to="floor")
    assert count(bench, "move") == 2


async def test_a_move_that_died_before_its_ledger_row_is_counted_too(bench: Bench) -> None:
    made(bench)
    bench.floor.move("c", "output")
    async with bench.inspector() as ask:
        await ask("MOVE", card="c", to="output")
    assert count(bench, "move") == 1


@pytest.mark.parametrize(
    ("keep", "kept"), [("all", ["c", "test-c"]), ("test", ["test-c"]), ("none", [])]
)
async def test_images_are_kept_as_configured(bench: Bench, keep: str, kept: list[str]) -> None:
    async with bench.inspector(keep_images=keep) as ask:
        for card in ("c", "test-c"):
            made(bench, card)
            await ask("MOVE", card=card, to="output")
    left = [card for card in ("c", "test-c") if bench.floor.read(card, "front.jpg", "output")]
    assert left == kept


@pytest.mark.parametrize("origin", ["", "output", "reject"])
async def test_a_card_is_destroyed_once_and_nothing_personal_is_left(
    bench: Bench, origin: str
) -> None:
    made(bench)
    if origin:
        bench.floor.move("c", origin)
    async with bench.inspector() as ask:
        first = await ask("DESTROY", card="c")
        assert first["in"] == "destroyed"
        assert await ask("MOVE", card="c", to="destroyed") == first
    assert count(bench, "destroy") == 1
    assert [path.name for path in bench.floor.path("c", "destroyed").iterdir()] == ["card.json"]


async def test_the_shredder_ends_what_it_began_before_a_death(bench: Bench) -> None:
    made(bench)
    async with bench.inspector():
        pass
    ledger = Ledger(bench.root / "ins" / "ledger.db")
    ledger.commit([start("c", "c", "blank-of-c", "destroy")])
    ledger.close()
    async with bench.inspector() as ask:
        story = await ask("DESTROY", card="c")
    assert story["in"] == "destroyed"
    assert story["destroyed"] is not None
    assert count(bench, "destroy") == 1


async def test_cards_inside_at_a_death_are_let_go(bench: Bench) -> None:
    made(bench)
    bench.floor.claim("c", "INS-0001")
    async with bench.inspector() as ask:
        assert (await ask("INSPECT", card="c"))["blank"] == "blank-of-c"
