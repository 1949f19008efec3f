from __future__ import annotations

import pytest

from cardwright.chip import Chip, blank_chip, manufacture
from cardwright.globalplatform import commands
from tests.unit.chip.personalizer import (
    BADGE_AID,
    BADGE_CODE,
    EMV_AID,
    EMV_CODE,
    KMC,
    OK,
    SERIAL,
    open_session,
    send,
)

SELECT_ISD = commands.select(commands.ISSUER_SECURITY_DOMAIN)


def test_answer_to_reset_has_a_right_check_octet(chip: Chip) -> None:
    atr = chip.power_on()
    assert atr == chip.atr
    check = 0
    for octet in atr[1:]:
        check ^= octet
    assert check == 0
    assert atr[1] & 0x0F == len(atr) - 4  # TS, T0, TD1, historical octets, TCK


def test_cplc_tells_the_serial(chip: Chip) -> None:
    answer = chip.process(bytes.fromhex("80CA9F7F00"))
    assert answer[:3] == bytes.fromhex("9F7F2A")
    assert len(answer) == 3 + 42 + 2
    assert answer[3 + 12 : 3 + 18] == SERIAL[6:10] + SERIAL[4:6]
    assert chip.process(bytes.fromhex("80CA006700")) == b"\x6a\x88"


def test_key_information_and_sequence_counter(chip: Chip) -> None:
    assert chip.process(bytes.fromhex("80CA00E000")).hex() == (
        "e012" + "c00401308810" + "c00402308810" + "c00403308810" + "9000"
    )
    open_session(chip)
    chip.power_on()
    assert chip.process(bytes.fromhex("80CA00C100")).hex() == "c1030000019000"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A000000151000000", "9000"),
        ("A0000001", "9000"),
        ("", "9000"),
        ("A000000003", "6a82"),
        ("A00000015100000000", "6a82"),
    ],
)
def test_select_by_full_and_partial_name(chip: Chip, name: str, expected: str) -> None:
    octets = bytes.fromhex(name)
    lc = bytes((len(octets),)) if octets else b""
    answer = chip.process(b"\0\xa4\4\0" + lc + octets + b"\0")
    assert answer[-2:].hex() == expected


def test_select_next_goes_through_the_applications_of_a_name(chip: Chip) -> None:
    channel = open_session(chip)
    for suffix in (b"\1", b"\2"):
        assert send(chip, channel, commands.install_for_install(*EMV_CODE, EMV_AID + suffix))
    first = chip.process(commands.select(EMV_AID))
    again = commands.select(EMV_AID)
    following = [chip.process(again[:3] + b"\2" + again[4:]) for _ in range(2)]
    assert first == bytes.fromhex("6F0A8408") + EMV_AID + b"\1" + OK
    assert following[0] == bytes.fromhex("6F0A8408") + EMV_AID + b"\2" + OK
    assert following[1] == b"\x6a\x82"


def test_nothing_is_selectable_before_install(chip: Chip) -> None:
    assert chip.process(commands.select(EMV_AID)) == b"\x6a\x82"
    channel = open_session(chip)
    assert send(chip, channel, commands.install_for_install(*EMV_CODE, EMV_AID)) == b"\0" + OK
    assert chip.process(commands.select(EMV_AID))[-2:] == OK
    assert chip.process(bytes.fromhex("00B2010C00")) == b"\x69\x85"


def test_install_is_refused_for_what_the_mask_lacks_and_for_doubles(chip: Chip) -> None:
    channel = open_session(chip)
    strange = commands.install_for_install(EMV_CODE[0], BADGE_CODE[1], EMV_AID)
    assert send(chip, channel, strange) == b"\x6a\x88"
    install = commands.install_for_install(*BADGE_CODE, BADGE_AID)
    assert send(chip, channel, install)[-2:] == OK
    assert send(chip, channel, install) == b"\x69\x85"
    assert send(chip, channel, commands.install_for_personalization(EMV_AID)) == b"\x6a\x88"
    as_isd = commands.install_for_install(*BADGE_CODE, commands.ISSUER_SECURITY_DOMAIN)
    assert send(chip, channel, as_isd) == b"\x69\x85"
    cut = install[:4] + bytes((install[4] - 1,)) + install[5:-2]
    assert send(chip, channel, cut) == b"\x6a\x80"
    no_parameters = commands.install_for_install(*BADGE_CODE, EMV_AID, parameters=b"")
    assert send(chip, channel, no_parameters) == b"\x6a\x80"


def test_memory_for_applications_ends(chip: Chip) -> None:
    channel = open_session(chip)
    statuses = [
        send(chip, channel, commands.install_for_install(*EMV_CODE, EMV_AID + bytes((n,))))[-2:]
        for n in range(9)
    ]
    assert statuses == [OK] * 8 + [b"\x6a\x84"]
    listed = send(chip, channel, commands.get_status(0x40))
    assert listed.count(b"\xe3") == 8
    assert len(listed) <= 256 + 2


def test_get_status_of_each_subset(chip: Chip) -> None:
    channel = open_session(chip)
    assert send(chip, channel, commands.get_status(0x80)).hex() == (
        "e30e" + "4f08a000000151000000" + "9f700101" + "9000"
    )
    assert EMV_CODE[0] in send(chip, channel, commands.get_status(0x20))
    assert BADGE_CODE[1] in send(chip, channel, commands.get_status(0x10))
    only_badge = send(chip, channel, commands.get_status(0x20, b"\x4f\x06" + BADGE_CODE[0]))
    assert EMV_CODE[0] not in only_badge
    assert send(chip, channel, commands.get_status(0x08)) == b"\x6a\x86"
    assert send(chip, channel, commands.get_status(0x80, b"\x5c\x00")) == b"\x6a\x80"


def set_status(p1: int, p2: int, aid: bytes = b"") -> bytes:
    return bytes((0x80, 0xF0, p1, p2)) + (bytes((len(aid),)) + aid if aid else b"")


def test_the_card_life_cycle_goes_one_way(chip: Chip) -> None:
    channel = open_session(chip)
    assert send(chip, channel, set_status(0x80, 0x7F)) == b"\x69\x85"
    for state in (0x07, 0x0F, 0x7F):
        assert send(chip, channel, set_status(0x80, state)) == OK
    assert send(chip, channel, set_status(0x80, 0x07)) == b"\x69\x85"
    assert send(chip, channel, set_status(0x80, 0x55)) == b"\x6a\x86"
    install = commands.install_for_install(*EMV_CODE, EMV_AID)
    assert send(chip, channel, install) == b"\x69\x85"
    assert send(chip, channel, set_status(0x80, 0xFF)) == OK
    chip.power_on()
    assert chip.process(bytes.fromhex("8050000008") + bytes(8)) == b"\x69\x85"
    assert chip.process(bytes.fromhex("80CA9F7F00"))[-2:] == OK


def test_a_locked_card_shows_only_its_manager(payment_chip: Chip) -> None:
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    for state in (0x07, 0x0F, 0x7F):
        assert send(payment_chip, channel, set_status(0x80, state)) == OK
    assert payment_chip.process(commands.select(EMV_AID)) == b"\x6a\x82"
    assert Chip.restore(payment_chip.serialize()).process(commands.select(EMV_AID)) == b"\x6a\x82"
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    assert send(payment_chip, channel, set_status(0x80, 0x0F)) == OK
    assert payment_chip.process(commands.select(EMV_AID))[-2:] == OK


def test_a_locked_application_can_be_unlocked(payment_chip: Chip) -> None:
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    assert send(payment_chip, channel, set_status(0x40, 0x80, EMV_AID)) == OK
    assert send(payment_chip, channel, set_status(0x40, 0x80, BADGE_AID)) == b"\x6a\x88"
    assert payment_chip.process(commands.select(EMV_AID)) == b"\x62\x83"
    assert Chip.restore(payment_chip.serialize()).process(commands.select(EMV_AID)) == b"\x62\x83"
    assert payment_chip.process(bytes.fromhex("00B2010C00")) == b"\x69\x85"
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    assert send(payment_chip, channel, set_status(0x40, 0x0F, EMV_AID)) == OK
    assert payment_chip.process(commands.select(EMV_AID))[-2:] == OK


def test_unknown_commands_and_classes(chip: Chip) -> None:
    assert chip.process(bytes.fromhex("80FF0000")) == b"\x6d\x00"
    assert chip.process(bytes.fromhex("90500000")) == b"\x6e\x00"
    assert chip.process(bytes.fromhex("01A40400")) == b"\x68\x81"
    assert chip.process(bytes.fromhex("00A40000")) == b"\x6a\x86"


@pytest.mark.parametrize("raw", ["", "00", "00A404", "00A4040003A0", "00A40400000001A0"])
def test_what_is_no_short_command_is_refused(chip: Chip, raw: str) -> None:
    assert chip.process(bytes.fromhex(raw)) == b"\x67\x00"


def test_a_blank_has_the_sizes_of_the_standard() -> None:
    with pytest.raises(ValueError, match="diversification"):
        manufacture(bytes(8), KMC)
    with pytest.raises(ValueError, match="i=71"):
        manufacture(bytes(10), KMC, scp_i=0x71)
    with pytest.raises(ValueError, match="AES"):
        blank_chip(bytes(42), bytes(10), enc=KMC, mac=KMC, dek=KMC[:8])
