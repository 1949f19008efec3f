from __future__ import annotations

import asyncio

import pytest

from cardwright.card.events import Disposition, OperationFailed
from cardwright.hsm.port import BadgeProof, ChipAnswers, ChipToPersonalize, ChipVerdict, HsmError
from cardwright.settings import SettingsError
from cardwright.station.ports import Answer
from services.encoding.adapters.scripts import Scripts
from services.encoding.adapters.settings import EncodingSettings
from services.encoding.domain import Material, StripePlan
from services.encoding.handlers import EncodeBench, Preparation
from tests.unit.encoding.encoding_kit import MemoryVault, order

DEBIT, BADGE, BARE = order("debit"), order("badge"), order("bare")


@pytest.fixture
def vault() -> MemoryVault:
    filled = MemoryVault()
    filled.file(DEBIT.card_id, "debit")
    filled.file(BADGE.card_id, "badge")
    return filled


async def material(vault: MemoryVault, *, chip: bool = True) -> dict[str, Material]:
    bench = EncodeBench(Preparation(vault, chip=chip), [])
    found = await bench.prepare([DEBIT, BADGE, BARE])
    return {key: value for key, value in found.items() if isinstance(value, Material)}


async def test_each_product_gets_what_it_has(vault: MemoryVault) -> None:
    found = await material(vault)
    debit, badge, bare = (found[each.order_id] for each in (DEBIT, BADGE, BARE))
    assert sorted(debit.stripe.tracks) == [1, 2]
    assert (badge.stripe.tracks, bare.stripe.tracks, bare.chip) == ({}, {}, None)
    assert debit.chip is not None
    assert badge.chip is not None
    assert debit.chip.sealed_keys != badge.chip.sealed_keys
    assert sorted(vault.calls) == ["certificates", "chip", "chip_keys", "stripe"]


async def test_chips_can_be_left_out(vault: MemoryVault) -> None:
    found = await material(vault, chip=False)
    assert all(each.chip is None for each in found.values())
    assert vault.calls == ["stripe"]


async def test_a_damaged_section_is_for_a_person_and_stops_no_other_card(
    vault: MemoryVault,
) -> None:
    vault.damaged.add(("stripe", DEBIT.card_id))
    vault.sections["chip"][BADGE.card_id] = b"\xff"
    found = await Preparation(vault)([DEBIT, BADGE, BARE])
    codes = {}
    for each in (DEBIT, BADGE):
        answer = found[each.order_id]
        assert isinstance(answer, Answer)
        assert isinstance(answer.body, OperationFailed)
        assert answer.body.disposition is Disposition.REFUSED
        codes[each.order_id] = answer.body.code
    assert codes == {DEBIT.order_id: "SECTION_DAMAGED", BADGE.order_id: "SECTION_MALFORMED"}
    assert found[BARE.order_id] == Material(StripePlan(), None)


class CountingModule:
    def __init__(self) -> None:
        self.batches: list[int] = []
        self.fault: Exception | None = None

    async def personalize(
        self, items: list[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        self.batches.append(len(items))
        await asyncio.sleep(0)
        if self.fault is not None:
            raise self.fault
        return [(item.card_id.encode(),) for item in items]

    async def check_personalization(self, items: list[ChipAnswers]) -> list[ChipVerdict]:
        self.batches.append(len(items))
        await asyncio.sleep(0)
        return [ChipVerdict("", len(item.responses), 0, 0, keys_uncertain=False) for item in items]

    async def check_badges(self, items: list[BadgeProof]) -> list[bool]:
        self.batches.append(len(items))
        await asyncio.sleep(0)
        return [item.challenge == item.answer for item in items]


def chip(card: str) -> ChipToPersonalize:
    return ChipToPersonalize(card, "chip/KMC#1", bytes(8), bytes(32), b"")


async def test_chips_that_wait_at_the_same_time_share_a_call() -> None:
    module = CountingModule()
    scripts = Scripts(module)  # type: ignore[arg-type]  # two verbs of the port
    cards = [f"c{number}" for number in range(8)]
    found = await asyncio.gather(*(scripts.of(chip(card)) for card in cards))
    assert found == [(card.encode(),) for card in cards]
    assert module.batches == [8]
    assert await scripts.of(chip("later")) == (b"later",)
    told = [ChipAnswers(chip("c"), (b"",) * count) for count in range(8)]
    verdicts = await asyncio.gather(*map(scripts.verdict, told))
    assert [isinstance(each, ChipVerdict) and each.index for each in verdicts] == list(range(8))
    assert module.batches == [8, 1, 8]


async def test_badges_that_prove_themselves_at_the_same_time_share_a_call() -> None:
    module = CountingModule()
    scripts = Scripts(module)  # type: ignore[arg-type]  # the verbs that it asks
    proofs = [BadgeProof("card", b"", b"aid", b"%d" % n, b"0") for n in range(5)]
    found = await asyncio.gather(*(scripts.genuine(proof) for proof in proofs))
    assert found == [True, False, False, False, False]
    assert len(module.batches) < len(proofs)


@pytest.mark.parametrize("fault", [HsmError("HSM_UNAVAILABLE", "away"), ZeroDivisionError()])
async def test_who_waits_for_a_script_hears_of_the_fault(fault: Exception) -> None:
    module = CountingModule()
    module.fault = fault
    scripts = Scripts(module)  # type: ignore[arg-type]  # two verbs of the port
    waiting = [scripts.of(chip(card)) for card in ("a", "b")]
    heard = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in heard] == [type(fault)] * 2


def test_settings() -> None:
    read = EncodingSettings.from_environment({"CARDWRIGHT_CHIP": "off", "CARDWRIGHT_HEADS": "2"})
    assert (read.chip, read.heads) == ("off", 2)
    assert EncodingSettings.from_environment({}).chip == "on"
    with pytest.raises(SettingsError, match="CARDWRIGHT_CHIP"):
        EncodingSettings.from_environment({"CARDWRIGHT_CHIP": "maybe"})
