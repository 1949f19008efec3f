from __future__ import annotations

import pytest
from pyemv import ac, kd

from cardwright.chip import Chip
from cardwright.globalplatform import commands
from cardwright.globalplatform.scp03 import MAX_PLAIN_DATA, SecurityLevel
from cardwright.globalplatform.store_data import DataGrouping, P1Coding, encode_dgi, store_data
from tests.unit.chip.emv.issuer import Issuer, Script
from tests.unit.chip.personalizer import (
    EMV_AID,
    EMV_CODE,
    EMV_RECORD,
    FCI,
    LONG_RECORD,
    MASTER_KEYS,
    OK,
    OPTIONS,
    emv_groupings,
    open_session,
    run,
    script,
    send,
)

ISSUER = Issuer(MASTER_KEYS[:16], MASTER_KEYS[16:32], MASTER_KEYS[32:])

# The oracle pyemv takes triple DES from where cryptography no longer wants it taken from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

SELECT = commands.select(EMV_AID)
GPO = bytes.fromhex("80A8000004830208400" + "0")
# Amounts, country, TVR, currency, date, type and unpredictable number, as CDOL1 asks.
TERMINAL = bytes.fromhex(
    "000000012300" "000000000000" "0840" "0000008000" "0840" "261122" "00" "DEADBEEF"
)  # fmt: skip
SECOND = b"\x30\x30\xde\xad\xbe\xef"


def generate_ac(kind: int, data: bytes = TERMINAL) -> bytes:
    return bytes((0x80, 0xAE, kind, 0, len(data))) + data + b"\0"


def values(response: bytes) -> dict[str, bytes]:
    body = response[2:-2]
    found = {}
    while body:
        found[body[:2].hex().upper()] = body[3 : 3 + body[2]]
        body = body[3 + body[2] :]
    return found


@pytest.mark.parametrize("level", list(SecurityLevel))
@pytest.mark.parametrize("coding", list(P1Coding))
def test_personalization_at_every_level_and_coding(
    chip: Chip, check_values: bytes, level: SecurityLevel, coding: P1Coding
) -> None:
    channel = open_session(chip, level)
    groupings = emv_groupings(channel, check_values)
    responses = run(chip, channel, script(EMV_CODE, EMV_AID, groupings, level, coding))
    assert {each[-2:] for each in responses} == {OK}
    assert chip.process(SELECT)[-2:] == OK


def test_personalization_with_the_application_itself_selected(
    chip: Chip, check_values: bytes
) -> None:
    # EMV CPS: SELECT the application, then open the session with it.
    channel = open_session(chip)
    send(chip, channel, commands.install_for_install(*EMV_CODE, EMV_AID))
    chip.process(SELECT)
    channel = open_session(chip)
    blocks = store_data(
        emv_groupings(channel, check_values), max_data=MAX_PLAIN_DATA[SecurityLevel.C_MAC_C_ENC]
    )
    assert run(chip, channel, blocks) == [OK] * len(blocks)
    chip.process(SELECT)
    channel = open_session(chip)
    assert send(chip, channel, blocks[0]) == b"\x69\x85"


def test_select_and_records(payment_chip: Chip) -> None:
    assert payment_chip.process(SELECT) == (
        bytes((0x6F, 9 + len(FCI), 0x84, 7)) + EMV_AID + FCI + OK
    )
    assert payment_chip.process(bytes.fromhex("00B2010C00")) == EMV_RECORD + OK
    assert payment_chip.process(bytes.fromhex("00B2020C00")) == LONG_RECORD + OK
    assert payment_chip.process(bytes.fromhex("00B2011400")) == EMV_RECORD + OK


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00B2030C00", "6A83"),
        ("00B2011C00", "6A82"),
        ("00B2010800", "6A86"),
        ("00B2000C00", "6A86"),
        ("00B2010C0100", "6700"),
        ("00C0000000", "6D00"),
        ("80B2010C00", "6E00"),
        ("80CA9F4F00", "6A88"),
        ("80AE800000", "6985"),
        ("80AEC00000", "6A86"),
    ],
)
def test_refusals_of_the_selected_application(
    payment_chip: Chip, command: str, status: str
) -> None:
    payment_chip.process(SELECT)
    assert payment_chip.process(bytes.fromhex(command)).hex().upper() == status


def test_a_whole_transaction_against_an_independent_cryptogram(payment_chip: Chip) -> None:
    for expected_atc in (1, 2):
        payment_chip.process(SELECT)
        options = payment_chip.process(GPO)
        assert options == bytes((0x77, len(OPTIONS))) + OPTIONS + OK
        answer = values(payment_chip.process(generate_ac(0x80)))
        atc = expected_atc.to_bytes(2, "big")
        assert answer["9F36"] == atc
        assert answer["9F27"] == b"\x80"
        assert answer["9F10"].hex() == "06011203a00000"
        session_key = kd.derive_common_sk(MASTER_KEYS[:16], atc + bytes(6))
        signed = TERMINAL + b"\x18\x00" + atc + answer["9F10"]
        assert answer["9F26"] == ac.generate_ac(session_key, signed, ac.PaddingType.EMV)
        second = values(payment_chip.process(generate_ac(0x40, SECOND)))
        assert second["9F27"] == b"\x40"
        assert second["9F10"][4] == 0x60
        signed = TERMINAL + b"\x18\x00" + atc + second["9F10"]
        assert second["9F26"] == ac.generate_ac(session_key, signed, ac.PaddingType.EMV)
        assert payment_chip.process(generate_ac(0x40, SECOND)) == b"\x69\x85"
    assert payment_chip.process(bytes.fromhex("80CA9F3600")).hex() == "9f360200029000"


def test_a_declined_transaction_is_over(payment_chip: Chip) -> None:
    payment_chip.process(SELECT)
    payment_chip.process(GPO)
    assert values(payment_chip.process(generate_ac(0x00)))["9F27"] == b"\0"
    assert payment_chip.process(generate_ac(0x40, SECOND)) == b"\x69\x85"


def test_the_terminal_must_give_what_was_asked(payment_chip: Chip) -> None:
    payment_chip.process(SELECT)
    assert payment_chip.process(bytes.fromhex("80A800000283" + "0000")) == b"\x67\x00"
    assert payment_chip.process(bytes.fromhex("80A8000002840000")) == b"\x6a\x80"
    assert payment_chip.process(GPO)[-2:] == OK
    assert payment_chip.process(GPO) == b"\x69\x85"
    assert payment_chip.process(generate_ac(0x80, TERMINAL[:-1])) == b"\x67\x00"
    assert payment_chip.process(generate_ac(0x80))[-2:] == OK
    assert payment_chip.process(generate_ac(0x80, SECOND)) == b"\x6a\x86"


def test_the_transaction_counter_survives_power_down(payment_chip: Chip) -> None:
    payment_chip.process(SELECT)
    payment_chip.process(GPO)
    memory = payment_chip.serialize()
    again = Chip.restore(memory)
    assert again.serialize() == memory
    again.process(SELECT)
    assert again.process(bytes.fromhex("80CA9F3600")).hex() == "9f360200019000"
    again.process(GPO)
    assert values(again.process(generate_ac(0x80)))["9F36"] == b"\0\2"


def verify(pin: str) -> bytes:
    return bytes.fromhex("0020008008") + bytes.fromhex(f"24{pin}FFFFFFFFFF")


def test_pin_tries(payment_chip: Chip) -> None:
    payment_chip.process(SELECT)
    assert payment_chip.process(bytes.fromhex("80CA9F1700")).hex() == "9f1701039000"
    assert payment_chip.process(verify("9999")) == b"\x63\xc2"
    assert payment_chip.process(verify("1234")) == OK
    wrong = [payment_chip.process(verify("0000")).hex() for _ in range(4)]
    assert wrong == ["63c2", "63c1", "63c0", "6983"]
    again = Chip.restore(payment_chip.serialize())
    again.process(SELECT)
    assert again.process(verify("1234")) == b"\x69\x83"


def personalize(chip: Chip, groupings: list[DataGrouping]) -> list[str]:
    channel = open_session(chip)
    return [each[-2:].hex() for each in run(chip, channel, script(EMV_CODE, EMV_AID, groupings))]


def plain(dgi: int, value: bytes) -> DataGrouping:
    return DataGrouping(encode_dgi(dgi, value))


def test_wrong_check_values_are_refused(chip: Chip) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, emv_groupings(channel, bytes(9)))
    statuses = [each[-2:].hex() for each in run(chip, channel, steps)]
    assert statuses[-1] == "6a80"
    assert set(statuses[:-1]) == {"9000"}
    chip.process(SELECT)
    assert chip.process(bytes.fromhex("00B2010C00")) == b"\x69\x85"


@pytest.mark.parametrize(
    "left_out", [0x9102, 0x9104, 0x8000, 0x9000, 0x8010, 0x9010], ids=lambda dgi: f"{dgi:04X}"
)
def test_an_incomplete_application_is_not_closed(
    chip: Chip, check_values: bytes, left_out: int
) -> None:
    channel = open_session(chip)
    groupings = [
        each
        for each in emv_groupings(channel, check_values)
        if each.encoded[:2] != left_out.to_bytes(2, "big")
    ]
    statuses = run(chip, channel, script(EMV_CODE, EMV_AID, groupings))
    assert statuses[-1] == b"\x69\x85"


@pytest.mark.parametrize(
    ("grouping", "status"),
    [
        (plain(0x7777, b"\0"), "6a88"),
        (plain(0x0101, b"\x71\x01\x00"), "6a80"),
        (plain(0x0101, b"\x70\x05\x00"), "6a80"),
        (plain(0x0101, b""), "6a80"),
        (plain(0x9102, b"\x6f\x00"), "6a80"),
        (plain(0x9104, b"\x82\x02\x00\x00"), "6a80"),
        (plain(0x9000, bytes(6)), "6a80"),
        (plain(0x8000, bytes(48)), "6a80"),
        (DataGrouping(encode_dgi(0x0101, bytes(16)), encrypted=True), "6a80"),
        (DataGrouping(encode_dgi(0x8000, bytes(32)), encrypted=True), "6a80"),
        (DataGrouping(encode_dgi(0x8000, bytes(47)), encrypted=True), "6a80"),
        (plain(0x9010, b"\3\2"), "6a80"),
        (DataGrouping(b"\x01\x01\x20\x70"), "6a80"),
    ],
)
def test_groupings_the_application_refuses(chip: Chip, grouping: DataGrouping, status: str) -> None:
    assert personalize(chip, [grouping])[-1] == status


def test_personalization_happens_once(payment_chip: Chip) -> None:
    payment_chip.process(commands.select(commands.ISSUER_SECURITY_DOMAIN))
    channel = open_session(payment_chip)
    install = commands.install_for_personalization(EMV_AID)
    assert send(payment_chip, channel, install) == b"\x69\x85"
    block = store_data([plain(0x0101, EMV_RECORD)], max_data=200)[0]
    assert send(payment_chip, channel, block) == b"\x69\x85"


def test_blocks_after_the_last_are_refused(chip: Chip, check_values: bytes) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, emv_groupings(channel, check_values))
    assert run(chip, channel, steps)[-1] == OK
    late = bytearray(steps[-1])
    late[3] += 1
    assert send(chip, channel, bytes(late)) == b"\x69\x85"


def test_blocks_out_of_order_break_the_run_off(chip: Chip, check_values: bytes) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, emv_groupings(channel, check_values))
    swapped = [*steps[:2], steps[3], steps[2], *steps[4:]]
    statuses = [each[-2:].hex() for each in run(chip, channel, swapped)]
    assert statuses == ["9000", "9000", "6a86"] + ["6985"] * (len(steps) - 3)
    retry = run(chip, channel, steps[1:])
    assert {each[-2:] for each in retry} == {OK}


def test_a_grouping_may_not_change_its_kind_halfway(chip: Chip) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, [plain(0x0101, LONG_RECORD)])
    mixed = bytearray(steps[-1])
    mixed[2] |= 0x60
    assert run(chip, channel, [*steps[:-1], bytes(mixed)])[-1] == b"\x6a\x80"


@pytest.mark.parametrize("p1", [0x01, 0x10, 0x18, 0x20, 0x48])
def test_p1_of_store_data(chip: Chip, p1: int) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, [plain(0x0101, EMV_RECORD)])
    run(chip, channel, steps[:2])
    assert send(chip, channel, bytes((0x80, 0xE2, p1, 0, 1, 0))) == b"\x6a\x86"


def test_a_secret_grouping_may_not_begin_in_clear(chip: Chip) -> None:
    channel = open_session(chip)
    secret = encode_dgi(0x8000, channel.encrypt_sensitive(MASTER_KEYS))
    run(chip, channel, script(EMV_CODE, EMV_AID, [plain(0x0101, EMV_RECORD)])[:2])
    blocks = ((0x08, secret[:20]), (0xE8, secret[20:]))
    statuses = [
        send(chip, channel, bytes((0x80, 0xE2, p1, n, len(part))) + part)
        for n, (p1, part) in enumerate(blocks)
    ]
    assert statuses == [OK, b"\x6a\x80"]


def test_a_broken_off_run_leaves_nothing_behind(chip: Chip) -> None:
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, [plain(0x9102, FCI), plain(0x7777, b"")])
    assert run(chip, channel, steps)[-1] == b"\x6a\x88"
    steps = script(EMV_CODE, EMV_AID, [plain(0x0101, EMV_RECORD)])
    assert run(chip, channel, steps[1:]) == [b"\0" + OK, b"\x69\x85"]


def gone_online(chip: Chip) -> Script:
    """The issuer's script channel after an ARQC."""
    chip.process(SELECT)
    chip.process(GPO)
    return ISSUER.script(values(chip.process(generate_ac(0x80)))["9F26"])


def test_issuer_scripts_have_a_messaging_of_their_own(payment_chip: Chip) -> None:
    wrong = [
        payment_chip.process(SELECT),
        *(payment_chip.process(verify("0000")) for _ in range(3)),
    ]
    assert wrong[-1] == b"\x63\xc0"
    script = gone_online(payment_chip)
    assert payment_chip.process(script.command("8C240000")) == OK
    payment_chip.process(SELECT)
    assert payment_chip.process(verify("1234")) == OK


def test_a_blocked_application_is_selected_with_a_warning(payment_chip: Chip) -> None:
    script = gone_online(payment_chip)
    assert payment_chip.process(script.command("8C1E0000")) == OK
    again = Chip.restore(payment_chip.serialize())
    assert again.process(SELECT) == b"\x62\x83"
    assert values_of_refusal(again)["9F27"] == b"\0"


def values_of_refusal(chip: Chip) -> dict[str, bytes]:
    assert chip.process(GPO)[-2:] == OK
    return values(chip.process(generate_ac(0x80)))


def test_a_blocked_card_selects_nothing_ever_again(payment_chip: Chip) -> None:
    script = gone_online(payment_chip)
    assert payment_chip.process(script.command("8C160000")) == OK
    again = Chip.restore(payment_chip.serialize())
    for chip in (payment_chip, again):
        chip.power_on()
        assert chip.process(SELECT) == b"\x6a\x81"
        assert chip.process(commands.select(commands.ISSUER_SECURITY_DOMAIN)) == b"\x6a\x81"


def test_the_antenna_has_options_of_its_own(chip: Chip, check_values: bytes) -> None:
    channel = open_session(chip)
    contactless = bytes.fromhex("82021880940408010100")
    groupings = [*emv_groupings(channel, check_values), plain(0x9207, contactless)]
    assert run(chip, channel, script(EMV_CODE, EMV_AID, groupings))[-1][-2:] == OK
    for over_the_antenna, options in ((False, OPTIONS), (True, contactless)):
        chip.power_on(contactless=over_the_antenna)
        chip.process(SELECT)
        assert chip.process(GPO) == bytes((0x77, len(options))) + options + OK
