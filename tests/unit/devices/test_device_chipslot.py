from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cardwright.chip import PROFILES, Chip, manufacture
from cardwright.devices.chipslot import ChipSlot, ChipWorks
from cardwright.devices.floor import Floor, Passport
from cardwright.secret import SecretBytes

BLANK = "RTX-0001-00000001"
INITIALIZE_UPDATE = bytes.fromhex("80500000080102030405060708") + b"\0"


def slot(root: Path, profile: str) -> ChipSlot:
    works = ChipWorks(
        lambda serial, kmc: manufacture(serial, kmc, profile=PROFILES[profile]),
        Chip.restore,
        SecretBytes(bytes(16)),
    )
    return ChipSlot(works, Floor(root), "card-1", Passport(BLANK, "pvc-white", True, None))


@pytest.mark.parametrize("profile", ["standard", "t0"])
def test_the_slot_learns_the_serial_over_any_protocol(tmp_path: Path, profile: str) -> None:
    chip = slot(tmp_path, profile)
    assert chip.power() == PROFILES[profile].atr
    assert chip.serial == ""
    answer = chip.transmit(INITIALIZE_UPDATE)
    if profile == "t0":
        assert answer == b"\x61\x20"
        assert chip.serial == ""
        answer = chip.transmit(b"\0\xc0\0\0\x20")
    assert len(answer) == 34
    assert chip.serial == hashlib.sha256(BLANK.encode()).hexdigest()[:20].upper()


def test_other_answers_over_t0_are_no_serial(tmp_path: Path) -> None:
    chip = slot(tmp_path, "t0")
    chip.power()
    assert chip.transmit(bytes.fromhex("00A4040008A000000151000000")) == b"\x61\x12"
    assert len(chip.transmit(b"\0\xc0\0\0\x12")) == 20
    assert chip.serial == ""


@pytest.mark.parametrize("profile", ["standard", "t0"])
def test_a_scripts_answers_come_whole_over_any_protocol(tmp_path: Path, profile: str) -> None:
    chip = slot(tmp_path, profile)
    chip.power()
    # SELECT with an answer, GET DATA with any Le, GET DATA of what is not there.
    commands = [bytes.fromhex(each) for each in ("00A4040000", "80CA9F7F00", "80CA9F1300")]
    answers = chip.script([*commands, commands[0]])
    assert [answer[-2:] for answer in answers] == [b"\x90\0", b"\x90\0", b"\x6a\x88"]
    assert [len(answer) for answer in answers] == [20, 47, 2]
