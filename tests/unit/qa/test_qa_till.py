"""A test card pays: our terminal over the machine's protocol, and a module for the issuer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cardwright.driver import DeviceLostError, DeviceRefusedError, Reply
from cardwright.driver.apdus import pack_apdus, unpack_apdus
from cardwright.hsm.port import HsmError
from services.qa.adapters.till import IssuerRefusedError, Paid, Till
from services.qa.domain import Expected, Piece, read, scripts
from tests.unit.qa.paying_kit import CDA, KEYS, Module, card
from tests.unit.terminal.chip_kit import (
    ChipCard,
    Order,
)
from tests.unit.terminal.rsa_kit import Chain

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
PIN = {0x8E: bytes(8) + b"\x41\3\x1f\3"}
LIMITS = {0x9F14: b"\2", 0x9F23: b"\4"}


@dataclass
class Machine:
    """An inspector's link with one test card under it."""

    chip: ChipCard
    antenna: bool = True
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)

    async def ask(self, command: str, body: bytes = b"", **fields: Any) -> Reply:
        self.asked.append(command)
        if command == "TRANSACT":
            if fields.get("contactless") and not self.antenna:
                raise DeviceRefusedError("CHIP_MUTE", "no antenna")
            self.chip.contactless = bool(fields.get("contactless"))
            self.chip._selected = None
        if command != "APDUS":
            return Reply({})
        if self.fault is not None and len(self.asked) > 5:
            raise self.fault
        answers = [self.chip.transmit(each) for each in unpack_apdus(body)]
        return Reply({}, pack_apdus(answers))


async def pay(
    made: tuple[ChipCard, Expected],
    module: Module,
    ca_keys: Collection[Any],
    machine: Machine | None = None,
) -> Paid:
    chip, expected = made
    link: Any = machine or Machine(chip)
    answers = [[chip.transmit(each) for each in script] for script in scripts(expected, Piece())]
    till = Till(module, ca_keys, lambda: NOW)
    return await till.pay(link, "card-1", expected, read(expected, Piece(), answers))


@pytest.mark.parametrize(
    ("order", "script"),
    [
        ({"objects": PIN}, [bytes.fromhex("80240000")]),
        ({"objects": LIMITS, "internal": LIMITS}, [bytes.fromhex("00DA9F140102")]),
        ({}, []),
    ],
)
async def test_a_good_card_pays_and_its_script_is_run(
    chain: Chain, order: dict[str, Any], script: list[bytes]
) -> None:
    module = Module()
    paid = await pay(card(chain, **order), module, [chain.ca_public])
    # One by the contacts, and one over the antenna.
    assert paid == Paid("TRANSACTION_APPROVED_ONLINE", (), 2)
    [item] = module.items
    assert list(item.script) == script
    assert (item.imk_ac, bool(item.imk_smi)) == ("issuer/IMK-AC#1", bool(script))
    assert set(item.objects) == {
        *(0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36, 0x9F10, 0x9F26)
    }


async def test_a_card_without_offline_authentication_pays(chain: Chain) -> None:
    paid = await pay(card(chain, aip=b"\x1c\0"), Module(), [])
    assert paid == Paid("TRANSACTION_APPROVED_ONLINE", (), 2)


async def test_a_card_of_an_unknown_authority(chain: Chain) -> None:
    paid = await pay(card(chain), Module(), [])
    assert paid.defects == (
        "DEFECT_TRANSACTION_CA_KEY_MISSING",
        "DEFECT_TRANSACTION_ODA",
        "DEFECT_TRANSACTION_TVR",
    )


async def test_a_card_with_wrong_keys_is_declined(chain: Chain) -> None:
    module = Module()
    swapped = type(KEYS)(KEYS.smi, KEYS.ac, KEYS.smc)
    chip, expected = card(chain)
    other = Order(swapped, aip=CDA, chain=chain).personalize()
    chip.applets[-1] = other
    paid = await pay((chip, expected), module, [chain.ca_public])
    assert paid.transaction == "TRANSACTION_DECLINED_ONLINE"
    assert paid.defects == (
        "DEFECT_TRANSACTION_DECLINED",
        "DEFECT_TRANSACTION_CRYPTOGRAM_WRONG",
    )


async def test_a_card_that_has_expired(chain: Chain) -> None:
    made = card(chain, objects={0x5F24: bytes.fromhex("261031")})
    paid = await pay(made, Module(), [chain.ca_public])
    assert paid.defects == ("DEFECT_TRANSACTION_TVR",)


async def test_a_card_that_is_mute_in_the_field(chain: Chain) -> None:
    made = card(chain)
    paid = await pay(made, Module(), [chain.ca_public], Machine(made[0], antenna=False))
    assert paid == Paid("TRANSACTION_APPROVED_ONLINE", ("DEFECT_CONTACTLESS_MUTE",), 1)


async def test_a_card_whose_directories_are_gone(chain: Chain) -> None:
    chip, expected = card(chain)
    del chip.applets[:2]
    machine = Machine(chip)
    paid = await pay((chip, expected), Module(), [chain.ca_public], machine)
    assert paid.defects == (
        "DEFECT_TRANSACTION_PSE_MISSING",
        "DEFECT_CONTACTLESS_PPSE_MISSING",
    )


async def test_the_terminal_accepts_a_card_without_directories(chain: Chain) -> None:
    chip, expected = card(chain)
    del chip.applets[:2]
    alone = replace(expected, applications=expected.applications[:1])
    paid = await pay((chip, alone), Module(), [chain.ca_public])
    assert paid == Paid("TRANSACTION_APPROVED_ONLINE", (), 1)


async def test_keys_that_cannot_be_used_are_no_fault_of_the_card(chain: Chain) -> None:
    module = Module(refusal=HsmError("KEY_ENVIRONMENT", "that key is for live cards"))
    with pytest.raises(IssuerRefusedError) as caught:
        await pay(card(chain), module, [chain.ca_public])
    assert caught.value.code == "KEY_ENVIRONMENT"


async def test_whoever_is_away_is_told_as_such(chain: Chain) -> None:
    module = Module(fault=HsmError("HSM_UNAVAILABLE", "restarting"))
    with pytest.raises(HsmError, match="restarting"):
        await pay(card(chain), module, [chain.ca_public])
    made = card(chain)
    machine = Machine(made[0], fault=DeviceLostError("DEVICE_LOST", "it hung up"))
    with pytest.raises(DeviceLostError):
        await pay(made, Module(), [chain.ca_public], machine)
