from __future__ import annotations

import pytest

from cardwright.chip import PROFILES, Chip, KeyType, blank_chip, manufacture
from cardwright.globalplatform import commands
from tests.unit.chip.host import Scp02Host
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
    assert chip.process(bytes.fromhex("00CA9F7F00")) == answer[3:]
    assert chip.process(bytes.fromhex("80CA004200")) == b"\x6a\x88"
    assert chip.process(bytes.fromhex("80CA9F7F0100")) == b"\x67\x00"


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


def test_select_checks_its_parameters(chip: Chip) -> None:
    assert chip.process(b"\0\xa4\4\0\x11" + bytes(17)) == b"\x67\x00"
    assert chip.process(b"\0\xa4\0\0\2\x3f\0") == b"\x6a\x86"
    assert chip.process(b"\0\xa4\4\x0c\2\xa0\0") == b"\x6a\x86"


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


def test_install_takes_no_privileges_no_token_and_no_other_step(chip: Chip) -> None:
    channel = open_session(chip)
    install = commands.install_for_install(*BADGE_CODE, BADGE_AID, privileges=b"\x04")
    assert send(chip, channel, install) == b"\x6a\x80"
    install = commands.install_for_install(*BADGE_CODE, BADGE_AID, privileges=bytes(3))
    for p1 in (0x02, 0x04, 0x08, 0x8C):
        other = install[:2] + bytes((p1,)) + install[3:]
        assert send(chip, channel, other) == b"\x6a\x86"
    with_token = install[:4] + bytes((install[4] + 1,)) + install[5:-2] + b"\x01\xaa\0"
    assert send(chip, channel, with_token) == b"\x6a\x80"
    assert send(chip, channel, install) == b"\0" + OK
    for_personalization = bytearray(commands.install_for_personalization(BADGE_AID))
    for_personalization[5:6] = b"\x01\xaa"
    for_personalization[4] += 1
    assert send(chip, channel, bytes(for_personalization)) == b"\x6a\x80"


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
        "e313" + "4f08a000000151000000" + "9f700101" + "c5039c5e00" + "9000"
    )
    assert EMV_CODE[0] in send(chip, channel, commands.get_status(0x20))
    assert BADGE_CODE[1] in send(chip, channel, commands.get_status(0x10))
    only_badge = send(chip, channel, commands.get_status(0x20, b"\x4f\x06" + BADGE_CODE[0]))
    assert EMV_CODE[0] not in only_badge
    assert send(chip, channel, commands.get_status(0x08)) == b"\x6a\x86"
    assert send(chip, channel, commands.get_status(0x80, b"\x5c\x00")) == b"\x6a\x80"
    ignored = commands.get_status(0x80, b"\x4f\x01\xff")
    assert send(chip, channel, ignored)[-2:] == OK


def test_get_status_tells_what_the_tag_list_asks_for(chip: Chip) -> None:
    channel = open_session(chip)
    assert send(chip, channel, commands.install_for_install(*EMV_CODE, EMV_AID))[-2:] == OK
    asked = commands.get_status(0x40, bytes.fromhex("4F00" + "5C06" + "9F704FC4CCCE"))
    assert send(chip, channel, asked).hex() == (
        "e31f" + "4f07a0000000031010" + "9f700107" + "c406f04357454d56"
        + "cc08a000000151000000" + "9000"
    )  # fmt: skip
    cut = commands.get_status(0x40, bytes.fromhex("4F00" + "5C01" + "9F"))
    assert send(chip, channel, cut) == b"\x6a\x80"


def test_get_status_gives_long_lists_in_parts(chip: Chip) -> None:
    channel = open_session(chip, 0x33)
    aids = [EMV_AID + bytes((n,)) * 9 for n in range(8)]
    following = commands.get_status(0x40)[:3] + b"\x03\x02\x4f\0\0"
    assert send(chip, channel, following) == b"\x69\x85"
    for aid in aids:
        assert send(chip, channel, commands.install_for_install(*EMV_CODE, aid))[-2:] == OK
    parts = [send(chip, channel, commands.get_status(0x40))]
    while parts[-1][-2:] == b"\x63\x10":
        parts.append(send(chip, channel, following))
    assert [part[-2:].hex() for part in parts] == ["6310", "9000"]
    listed = b"".join(part[:-2] for part in parts)
    assert [listed.count(aid) for aid in aids] == [1] * 8
    assert send(chip, channel, following) == b"\x6a\x88"
    domain = commands.get_status(0x80)[:3] + b"\x03\x02\x4f\0\0"
    assert send(chip, channel, domain) == b"\x6a\x86"


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
    assert send(chip, channel, commands.get_data(0x9F7F))[-2:] == OK
    assert send(chip, channel, commands.get_status(0x80)) == b"\x69\x85"
    chip.power_on()
    assert chip.process(SELECT_ISD) == b"\x69\x85"
    assert chip.process(bytes.fromhex("8050000008") + bytes(8)) == b"\x69\x85"
    assert chip.process(bytes.fromhex("80CA9F7F00"))[-2:] == OK


def test_a_locked_card_shows_only_its_manager(payment_chip: Chip) -> None:
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    for state in (0x07, 0x0F, 0x7F):
        assert send(payment_chip, channel, set_status(0x80, state)) == OK
    assert payment_chip.process(commands.select(EMV_AID)) == b"\x6a\x81"
    assert Chip.restore(payment_chip.serialize()).process(commands.select(EMV_AID)) == b"\x6a\x81"
    assert payment_chip.process(SELECT_ISD)[-2:] == b"\x62\x83"
    channel = open_session(payment_chip)
    for change in (
        commands.install_for_install(*BADGE_CODE, BADGE_AID),
        bytes.fromhex("80E40000094F07") + EMV_AID,
        bytes.fromhex("80D8008101") + b"\x31",
        bytes.fromhex("80E290000442024242"),
    ):
        assert send(payment_chip, channel, change) == b"\x69\x85"
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
    assert send(payment_chip, channel, set_status(0x40, 0x80, EMV_AID)) == b"\x69\x85"
    assert send(payment_chip, channel, set_status(0x40, 0x0F, EMV_AID)) == OK
    assert send(payment_chip, channel, set_status(0x40, 0x0F, EMV_AID)) == b"\x69\x85"
    assert payment_chip.process(commands.select(EMV_AID))[-2:] == OK


def test_unknown_commands_and_classes(chip: Chip) -> None:
    assert chip.process(bytes.fromhex("80FF0000")) == b"\x6d\x00"
    assert chip.process(bytes.fromhex("90500000")) == b"\x6e\x00"
    assert chip.process(bytes.fromhex("01A40400")) == b"\x68\x81"
    assert chip.process(bytes.fromhex("00A40000")) == b"\x6a\x86"


@pytest.mark.parametrize("raw", ["", "00", "00A404", "00A4040003A0", "00A40400000001A0"])
def test_what_is_no_short_command_is_refused(chip: Chip, raw: str) -> None:
    assert chip.process(bytes.fromhex(raw)) == b"\x67\x00"


def test_all_applications_are_locked_and_unlocked_at_once(chip: Chip) -> None:
    channel = open_session(chip)
    domain = commands.ISSUER_SECURITY_DOMAIN
    for code, aid in ((EMV_CODE, EMV_AID), (BADGE_CODE, BADGE_AID)):
        assert send(chip, channel, commands.install_for_install(*code, aid))[-2:] == OK
    assert send(chip, channel, set_status(0x40, 0x80, BADGE_AID)) == OK
    for state, shown in ((0x80, b"\x87"), (0x80, b"\x87"), (0x00, b"\x07"), (0x00, b"\x07")):
        assert send(chip, channel, set_status(0x60, state, domain)) == OK
        assert send(chip, channel, commands.get_status(0x40)).count(b"\x9f\x70\x01" + shown) == 2
    assert send(chip, channel, set_status(0x60, 0x80, EMV_AID)) == b"\x6a\x86"
    assert send(chip, channel, set_status(0x20, 0x80, EMV_AID)) == b"\x6a\x86"


def test_a_locked_application_takes_no_more_blocks(chip: Chip) -> None:
    channel = open_session(chip)
    for each in (
        commands.install_for_install(*BADGE_CODE, BADGE_AID),
        commands.install_for_personalization(BADGE_AID),
        bytes.fromhex("80E20800050C01025859"),
        set_status(0x40, 0x80, BADGE_AID),
    ):
        assert send(chip, channel, each)[-2:] == OK
    assert send(chip, channel, bytes.fromhex("80E20801050C02025859")) == b"\x69\x85"
    assert send(chip, channel, commands.install_for_personalization(BADGE_AID)) == b"\x69\x85"


def delete(data: bytes, p1: int = 0, p2: int = 0) -> bytes:
    return bytes((0x80, 0xE4, p1, p2)) + (bytes((len(data),)) + data if data else b"") + b"\0"


def test_a_deleted_application_is_gone_and_its_memory_free(payment_chip: Chip) -> None:
    payment_chip.process(SELECT_ISD)
    channel = open_session(payment_chip)
    name = b"\x4f" + bytes((len(EMV_AID),)) + EMV_AID
    assert send(payment_chip, channel, delete(name)) == b"\0" + OK
    assert send(payment_chip, channel, delete(name, p2=0x80)) == b"\x6a\x88"
    assert payment_chip.process(commands.select(EMV_AID)) == b"\x6a\x82"
    channel = open_session(payment_chip)
    install = commands.install_for_install(*EMV_CODE, EMV_AID)
    assert send(payment_chip, channel, install)[-2:] == OK


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("4F06F04357454D56", "6985"),
        ("4F08A000000151000000", "6985"),
        ("4F05A0A1A2A3A4", "6a88"),
        ("", "6a80"),
        ("4F05A0A1A2A3A49E020102", "6a80"),
        ("D20130" + "4F05A0A1A2A3A4", "6a80"),
        ("D2023031", "6a80"),
        ("D20131", "6a88"),
        ("D00104", "6a88"),
        ("D20130", "6985"),
    ],
    ids=[
        "package", "domain", "unknown", "nothing", "token", "both", "long-version", "no-version",
        "no-identifier", "last-keys",
    ],
)  # fmt: skip
def test_what_can_not_be_deleted(chip: Chip, data: str, status: str) -> None:
    channel = open_session(chip)
    before = chip.serialize()
    assert send(chip, channel, delete(bytes.fromhex(data))).hex() == status
    assert chip.serialize() == before


def test_delete_checks_its_parameters(chip: Chip) -> None:
    channel = open_session(chip)
    assert send(chip, channel, delete(b"\xd2\1\x31", p1=0x80)) == b"\x6a\x86"
    assert send(chip, channel, delete(b"\xd2\1\x31", p2=0x01)) == b"\x6a\x86"


def test_deleting_the_application_under_personalization_ends_its_run(chip: Chip) -> None:
    channel = open_session(chip)
    for each in (
        commands.install_for_install(*BADGE_CODE, BADGE_AID),
        commands.install_for_personalization(BADGE_AID),
        bytes.fromhex("80E20800050C01025859"),
        delete(b"\x4f" + bytes((len(BADGE_AID),)) + BADGE_AID),
    ):
        assert send(chip, channel, each)[-2:] == OK
    assert send(chip, channel, bytes.fromhex("80E20801050C02025859")) == b"\x69\x85"


def test_card_data_names_the_protocols(chip: Chip) -> None:
    """GP 2.3.1, table H-1; a card recorded in chenpengcong/blog, issue 31, codes it so too."""
    assert chip.process(commands.get_data(0x66)).hex() == (
        "66" + "3d" + "73" + "3b"
        + "06072a864886fc6b01"
        + "600b06092a864886fc6b020203"
        + "630906072a864886fc6b03"
        + "640b06092a864886fc6b040255"
        + "640b06092a864886fc6b040370"
        + "9000"
    )  # fmt: skip


def test_card_capabilities_name_options_and_key_lengths(chip: Chip) -> None:
    """GP 2.3.1, H.4."""
    assert chip.process(commands.get_data(0x67)).hex() == (
        "671a" + "a006" + "800102" + "810155" + "a009" + "800103" + "810170" + "820107"
        + "8203000000" + "8300" + "9000"
    )  # fmt: skip


def test_the_security_level_can_be_read(chip: Chip) -> None:
    get_level = commands.get_data(0xD3)
    assert chip.process(get_level) == b"\xd3\1\0" + OK
    for level in (0x01, 0x03, 0x11, 0x13, 0x33):
        channel = open_session(chip, level)
        assert send(chip, channel, get_level) == bytes((0xD3, 1, 0x80 | level)) + OK


def test_the_list_of_applications(payment_chip: Chip) -> None:
    payment_chip.process(SELECT_ISD)
    expected = "610a4f08a000000151000000" + "61094f07" + EMV_AID.hex() + "9000"
    assert payment_chip.process(bytes.fromhex("80CA2F00025C0000")).hex() == expected
    assert payment_chip.process(bytes.fromhex("00CB2F00025C0000")).hex() == expected
    assert payment_chip.process(bytes.fromhex("80CA2F0000")) == b"\x6a\x88"
    assert payment_chip.process(bytes.fromhex("00CB9F7F00")) == b"\x6a\x88"


@pytest.mark.parametrize(
    "block",
    ["80E2900009" + "4203112233" + "45024455", "80E288000C" + "007009" + "4203112233" + "45024455"],
    ids=["tlv", "grouping"],
)
def test_the_domain_keeps_issuer_and_image_number(chip: Chip, block: str) -> None:
    channel = open_session(chip)
    assert send(chip, channel, bytes.fromhex(block)) == OK
    chip = Chip.restore(chip.serialize())
    assert chip.process(commands.get_data(0x42)).hex() == "42031122339000"
    assert chip.process(commands.get_data(0x45)).hex() == "450244559000"


@pytest.mark.parametrize(
    ("block", "status"),
    [
        ("80E2900003660100", "6a80"),
        ("80E2900000", "6a80"),
        ("80E29000024200", "6a80"),
        ("80E29000044203112233"[:18], "6a80"),
        ("80E2900105" + "4203112233", "6985"),
        ("80E2100005" + "4203112233", "6985"),
        ("80E2880008" + "007006" + "4203112233", "6a80"),
        ("80E2880008" + "007105" + "4203112233", "6985"),
        ("80E288000100", "6985"),
    ],
    ids=["card-data", "nothing", "empty", "cut", "block-1", "not-last", "length", "other", "stub"],
)
def test_the_domain_takes_no_other_data(chip: Chip, block: str, status: str) -> None:
    channel = open_session(chip)
    before = chip.serialize()
    assert send(chip, channel, bytes.fromhex(block)).hex() == status
    assert chip.serialize() == before


def test_memory_is_shared_by_the_applications() -> None:
    small = manufacture(SERIAL, KMC, profile=PROFILES["small"])
    channel = open_session(small)
    for aid in (BADGE_AID, EMV_AID):
        assert send(small, channel, commands.install_for_install(*BADGE_CODE, aid))[-2:] == OK
    third = commands.install_for_install(*BADGE_CODE, BADGE_AID + b"X")
    assert send(small, channel, third) == b"\x6a\x84"
    assert send(small, channel, commands.install_for_personalization(BADGE_AID))[-2:] == OK
    blocks = 0
    while True:
        record = bytes((0x0C, blocks + 1, 200)) + bytes(200)
        answer = send(small, channel, bytes((0x80, 0xE2, 0x08, blocks, 203)) + record)
        if answer != OK:
            break
        blocks += 1
    assert answer == b"\x6a\x84"
    assert blocks == (2048 - 2 * 64) // 204
    full = small.serialize()
    assert Chip.restore(full).serialize() == full


def test_a_grouping_too_long_for_the_card_is_refused_at_its_header() -> None:
    small = manufacture(SERIAL, KMC, profile=PROFILES["small"])
    channel = open_session(small)
    for each in (
        commands.install_for_install(*BADGE_CODE, BADGE_AID),
        commands.install_for_personalization(BADGE_AID),
    ):
        assert send(small, channel, each)[-2:] == OK
    assert send(small, channel, bytes.fromhex("80E20800050C01FFFFFF")) == b"\x6a\x84"


def test_a_blank_has_the_sizes_of_the_standard() -> None:
    with pytest.raises(ValueError, match="diversification"):
        manufacture(bytes(8), KMC)
    with pytest.raises(ValueError, match="i=72"):
        manufacture(bytes(10), KMC, scp_i=0x72)
    with pytest.raises(ValueError, match="AES has no keys of 8"):
        blank_chip(bytes(42), bytes(10), enc=KMC, mac=KMC, dek=KMC[:8])
    with pytest.raises(ValueError, match="one algorithm and length"):
        blank_chip(bytes(42), bytes(10), enc=KMC, mac=KMC, dek=KMC + KMC)
    blank = blank_chip(
        bytes(42), bytes(10), enc=KMC, mac=KMC, dek=KMC, kind=KeyType.TDES, version=1
    )
    assert Scp02Host(blank, 1, (KMC,) * 3).open(0x03).answer[10] == 1
