"""The station's driver against a real encoder process and real chips."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from cardwright.card.events import Disposition, Encoded, OperationFailed
from cardwright.hsm.port import ChipStage, ChipToPersonalize, HsmError
from cardwright.secret import SecretBytes
from cardwright.station.ports import DeviceUnavailableError, NotBegun
from tests.integration.encoding.encoding_line import Line
from tests.unit.encoding.encoding_kit import BLANK, FakeModule, order


def spoiled(code: str, blank: str = BLANK) -> OperationFailed:
    return OperationFailed(
        code, disposition=Disposition.SPOILED, blank_serial=blank, device="encoder-1"
    )


@pytest.mark.parametrize(("kind", "tracks"), [("debit", (1, 2)), ("badge", ())])
async def test_a_card_is_encoded_and_the_fact_can_be_asked_for_again(
    tmp_path: Path, kind: str, tracks: tuple[int, ...]
) -> None:
    async with Line(tmp_path) as line:
        made = line.printed(kind=kind)
        assert await line.encoder.recall(made) == NotBegun()
        fact = await line.perform(made)
        assert isinstance(fact, Encoded)
        assert (fact.blank_serial, fact.device, fact.tracks) == (BLANK, "encoder-1", tracks)
        assert len(fact.chip_serial) == 20
        assert await line.perform(made) == fact
        line.machine.kill()
        with pytest.raises(DeviceUnavailableError):
            await line.encoder.recall(made)
        line.restart()
        assert await line.encoder.recall(made) == fact
        assert [row["result"] for row in line.acts("chip_session")] == ["personalised"]
        assert len(line.acts("feed")) == 1
        assert len(line.acts("stripe_write")) == len(tracks) // 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("stripe_weak", "STRIPE_READBACK"),
        ("chip_mute", "CHIP_MUTE"),
        ("jam", "ENCODER_JAM"),
    ],
)
async def test_a_fault_spoils_the_card_and_its_code_is_kept(
    tmp_path: Path, fault: str, code: str
) -> None:
    async with Line(tmp_path, ("--fault", f"{fault}:next=1")) as line:
        made = line.printed()
        fact = await line.perform(made)
        assert isinstance(fact, OperationFailed)
        assert (fact.code, fact.disposition, fact.blank_serial) == (
            code,
            Disposition.SPOILED,
            BLANK,
        )
        assert await line.encoder.recall(made) == fact
        assert line.floor.whereabouts(made.job_id) == "reject"
        assert len(line.acts("feed")) == 1


async def test_a_chip_of_another_maker_is_spoiled(tmp_path: Path) -> None:
    async with Line(tmp_path, module=FakeModule(SecretBytes(bytes(16)))) as line:
        made = line.printed(kind="badge")
        fact = await line.perform(made)
        assert isinstance(fact, OperationFailed)
        assert fact.code == "CHIP_CRYPTOGRAM"
        assert [row["result"] for row in line.acts("chip_session")] == ["read"]


async def test_material_that_lacks_a_chip_or_stripe_is_spoiled(tmp_path: Path) -> None:
    async with Line(tmp_path) as line:
        bare = line.printed("bare", stripe=None)
        plain = line.printed("plain", "badge", chip=False)
        facts = [await line.perform(made) for made in (bare, plain)]
        assert [getattr(fact, "code", "") for fact in facts] == ["NO_STRIPE", "NO_CHIP"]


async def test_chips_can_be_left_blank(tmp_path: Path) -> None:
    async with Line(tmp_path, chip=False) as line:
        debit, badge = line.printed("debit"), line.printed("badge", "badge", "B-2")
        assert await line.perform(debit) == Encoded(BLANK, "encoder-1", (1, 2), "")
        assert await line.perform(badge) == Encoded("B-2", "encoder-1", (), "")
        assert line.acts("chip_session") == []


async def test_a_swapped_blank_is_not_written(tmp_path: Path) -> None:
    async with Line(tmp_path) as line:
        made = line.printed(blank="B-1")
        line.floor.stamp(made.job_id, line.floor.passport(made.job_id).__class__(
            blank="B-2", material="pvc", chip=True, stripe="hico", printed=True
        ))  # fmt: skip
        fact = await line.perform(made)
        assert isinstance(fact, OperationFailed)
        assert (fact.code, fact.disposition, fact.blank_serial) == (
            "BLANK_SWAPPED",
            Disposition.UNCERTAIN,
            "",
        )
        assert line.acts("stripe_write") == line.acts("chip_session") == []


async def test_a_card_that_lies_nowhere_is_for_a_person(tmp_path: Path) -> None:
    async with Line(tmp_path) as line:
        made = order()
        line.vault.file(made.card_id, "debit")
        fact = await line.perform(made)
        assert isinstance(fact, OperationFailed)
        assert (fact.code, fact.disposition) == ("NO_SUCH_CARD", Disposition.UNCERTAIN)


async def test_an_encoder_killed_in_mid_card_says_that_it_is_spoiled(tmp_path: Path) -> None:
    async with Line(tmp_path, ("--fault", "power_cut:next=1")) as line:
        made = line.printed(kind="badge")
        with pytest.raises(DeviceUnavailableError):
            await line.perform(made)  # dies in the middle of the chip's script
        assert line.machine.died() == 70
        line.restart()
        assert await line.encoder.recall(made) == spoiled("ENCODER_INTERRUPTED")
        assert line.floor.whereabouts(made.job_id) == "reject"


class WaitingModule(FakeModule):
    """Holds a chip's script back, so that the card waits in the head."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def personalize(
        self,
        items: list[ChipToPersonalize],  # type: ignore[override]  # a list is all we get
    ) -> list[tuple[bytes, ...] | HsmError]:
        self.asked.set()
        await self.go_on.wait()
        return await super().personalize(items)


async def test_a_kill_while_the_card_waits_in_the_head(tmp_path: Path) -> None:
    module = WaitingModule()
    async with Line(tmp_path, module=module) as line:
        made = line.printed()
        working = asyncio.create_task(line.perform(made))
        await module.asked.wait()
        line.machine.kill()
        module.go_on.set()
        with pytest.raises(DeviceUnavailableError):
            await working
        line.restart()
        # It was asked for its session, and no more: which key set it has is known.
        told = replace(spoiled("ENCODER_INTERRUPTED"), detail="key set 30")
        assert await line.encoder.recall(made) == told


async def test_a_station_that_died_finishes_the_card_that_its_machine_still_holds(
    tmp_path: Path,
) -> None:
    module = WaitingModule()
    async with Line(tmp_path, module=module) as line:
        made = line.printed()
        working = asyncio.create_task(line.perform(made))
        await module.asked.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        module.go_on.set()
        restarted = line.driver()
        fact = await restarted.recall(made)
        await restarted.close()
        assert isinstance(fact, Encoded)
        assert len(line.acts("stripe_write")) == len(line.acts("feed")) == 1
        assert [row["result"] for row in line.acts("chip_session")] == ["personalised"]


async def test_a_personalised_chip_left_in_the_head_is_read_and_not_written_again(
    tmp_path: Path,
) -> None:
    async with Line(tmp_path) as line:
        made = line.printed()
        eject, line.encoder = line.encoder, line.driver()
        await eject.close()
        # All but EJECT, by another hand: what a station leaves that dies at the very end.
        async with line.encoder._head(made, 0) as head:
            state = await head.feed()
            prepared = await line.encoder._prepare([made])
            await line.encoder._write(head, made, prepared[made.order_id], state)  # type: ignore[arg-type]  # it is material
        fact = await line.encoder.recall(made)
        assert isinstance(fact, Encoded)
        assert fact.tracks == (1, 2)
        assert len(fact.chip_serial) == 20
        assert line.module.stages == [ChipStage.PERSONALIZE, ChipStage.SECURE_CARD]
        assert len(line.acts("stripe_write")) == 1


async def test_a_module_that_is_away_keeps_the_card_in_the_head(tmp_path: Path) -> None:
    async with Line(tmp_path) as line:
        made = line.printed()
        line.module.fault = HsmError("HSM_UNAVAILABLE", "away")
        fact = await line.settle(made)
        assert isinstance(fact, Encoded)
        assert len(line.acts("feed")) == len(line.acts("stripe_write")) == 1


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_storm_of_kills_personalises_a_card_twice(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    async with Line(tmp_path) as line:
        cards = [
            line.printed(f"c{n}", luck.choice(["debit", "badge"]), f"B-{n}") for n in range(24)
        ]
        ready = asyncio.Semaphore(3)

        async def encode(number: int) -> tuple[int, object]:
            async with ready:
                return number, await line.settle(cards[number])

        tasks = [asyncio.create_task(encode(number)) for number in range(len(cards))]
        ended = asyncio.as_completed(tasks)
        for _ in range(4):
            for _ in range(luck.randint(1, 5)):
                await next(ended)
            for _ in range(luck.randint(0, 30)):
                await asyncio.sleep(0)  # some turns into the next cards
            line.machine.kill()
            line.restart()
        facts = dict(await asyncio.gather(*tasks))
        fed = Counter(row["job_id"] for row in line.acts("feed"))
        assert fed == Counter(made.job_id for made in cards)
        told = Counter(row["job_id"] for row in line.acts("chip_session"))
        assert max(told.values()) == 1
        results = {row["job_id"]: row["result"] for row in line.acts("feed")}
        for number, made in enumerate(cards):
            fact = facts[number]
            if results[made.job_id] == "good":
                assert isinstance(fact, Encoded)
                assert fact.blank_serial == f"B-{number}"
            else:
                assert results[made.job_id] == "interrupted"
                assert isinstance(fact, OperationFailed)
                assert fact.detail in {"", "key set 30"}  # before its session, or in it
                untold = replace(fact, detail="")
                assert untold == spoiled("ENCODER_INTERRUPTED", f"B-{number}")
        assert any(isinstance(fact, Encoded) for fact in facts.values())
