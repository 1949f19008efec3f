"""Issuer scripts under secure messaging, against an independent issuer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import cvn, sm

from cardwright.chip.apdu import parse_command
from tests.unit.chip.emv.card import (
    AAC,
    ARQC,
    CORE,
    PIN,
    PIN_BLOCK,
    SHORT,
    TC,
    TDES,
    Card,
    aes_issuer,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import Issuer, Script, padded, retail_mac_of_blocks, tlv
from tests.unit.chip.emv.terminal import objects

# The oracle pyemv takes triple DES from where cryptography no longer wants it taken from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

NEW_PIN = bytes.fromhex("26987654FFFFFFFF")
APPROVE = bytes.fromhex("00800000")
issuers = pytest.mark.parametrize(
    "issuer",
    [TDES, aes_issuer(16), aes_issuer(24), aes_issuer(32)],
    ids=["tdes", "16", "24", "32"],
)


def prepared(issuer: Issuer) -> tuple[Card, Script]:
    """A card after its ARQC, and the script channel to it."""
    subject = card(issuer, groupings(issuer, data=None if issuer.is_aes else CORE))
    arqc = subject.online()
    return subject, issuer.script(arqc)


@issuers
def test_pins_are_unblocked_and_changed(issuer: Issuer) -> None:
    subject, script = prepared(issuer)
    subject.applet.counters["pin_tries"] = 0
    assert subject.ok(script.command("8C240000")) == b""
    subject.select()
    assert subject.verify(PIN_BLOCK) == 0x9000
    arqc = subject.online()
    script = issuer.script(arqc)
    assert subject.status(script.command("8C240002", NEW_PIN, secret=True)) == 0x9000
    again = Card(restarted(subject.applet), issuer)
    again.select()
    assert again.verify(PIN_BLOCK) == 0x63C2
    assert again.verify(NEW_PIN) == 0x9000


@issuers
def test_the_application_is_blocked_and_unblocked(issuer: Issuer) -> None:
    subject, script = prepared(issuer)
    assert subject.status(script.command("8C1E0000")) == 0x9000
    assert objects(subject.second(TC)[0])[0x9F27] == b"\0"
    again = Card(restarted(subject.applet), issuer)
    assert again.select() == 0x6283
    again.begin()
    declined = objects(again.generate(TC)[0])
    assert declined[0x9F27] == b"\0"
    script = issuer.script(declined[0x9F26])
    assert again.status(script.command("8C180000")) == 0x9000
    assert again.select() == 0x9000
    again.begin()
    assert objects(again.generate(TC)[0])[0x9F27] == bytes((ARQC,))


@issuers
def test_the_card_is_blocked(issuer: Issuer) -> None:
    subject, script = prepared(issuer)
    assert not subject.applet.blocks_card
    assert subject.status(script.command("8C160000")) == 0x9000
    assert restarted(subject.applet).blocks_card


@issuers
def test_limits_and_records_are_replaced(issuer: Issuer) -> None:
    subject, script = prepared(issuer)
    record = tlv(0x70, tlv(0x5F20, b"ANOTHER/NAME"))
    assert subject.status(script.command("0CDA9F14", b"\5")) == 0x9000
    assert subject.status(script.command("0CDC010C", record)) == 0x9000
    assert subject.status(script.command("0CDA9F23", b"\7")) == 0x9000
    again = Card(restarted(subject.applet), issuer)
    again.select()
    assert again.ok("00B2010C00") == record
    again.applet.counters["online_pending"] = 0
    again.begin()
    assert objects(again.generate(TC)[0])[0x9F27] == b"\x40"


@issuers
@pytest.mark.parametrize("size", [4, 5, 8])
def test_macs_may_be_shortened_and_are_chained(issuer: Issuer, size: int) -> None:
    subject, script = prepared(issuer)
    commands = [
        script.command("8C240000", mac_size=size),
        script.command("8C240002", NEW_PIN, secret=True, mac_size=size),
        script.command("0CDA9F14", b"\1", mac_size=size),
    ]
    assert [subject.status(each) for each in commands] == [0x9000] * 3
    subject, script = prepared(issuer)
    commands = [script.command("8C240000", mac_size=size) for _ in range(3)]
    assert [subject.status(commands[at]) for at in (0, 2, 1)] == [0x9000, 0x6988, 0x6988]


@issuers
def test_a_wrong_mac_ends_messaging_and_is_told(issuer: Issuer) -> None:
    subject, script = prepared(issuer)
    assert subject.status(script.command("8C240000")) == 0x9000
    good = script.command("8C1E0000")
    assert subject.status(good[:-1] + bytes((good[-1] ^ 1,))) == 0x6988
    assert subject.status(good) == 0x6988
    assert subject.select() == 0x9000
    found = told(subject)
    assert found[0x9F10][3:8].hex() == "a031001800"


def told(subject: Card) -> dict[int, bytes]:
    subject.begin()
    return objects(subject.generate(ARQC)[0])


def test_the_count_is_of_the_last_transaction_that_was_finished() -> None:
    subject, script = prepared(TDES)
    subject.status(script.command("8C240000"))
    response, _ = subject.second(TC, TDES.arpc_2(b"\0\1", script.arqc, APPROVE))
    assert objects(response)[0x9F10][3:8].hex() == "6030001000"
    subject.status(script.command("8C240000"))
    found = told(subject)
    assert found[0x9F10][3:8].hex() == "a030002000"
    response, _ = subject.second(TC, TDES.arpc_2(b"\0\2", found[0x9F26], APPROVE))
    assert objects(response)[0x9F10][3:8].hex() == "6030000000"


def test_no_more_than_15_commands_are_counted() -> None:
    subject, script = prepared(TDES)
    for _ in range(17):
        assert subject.status(script.command("8C240000")) == 0x9000
    assert told(subject)[0x9F10][3:8].hex() == "a03100f000"


def test_scripts_come_after_a_cryptogram() -> None:
    subject = card()
    script = TDES.script(bytes(8))
    subject.select()
    assert subject.status(script.command("8C1E0000")) == 0x6985
    subject.begin()
    assert subject.status(script.command("8C1E0000")) == 0x6985
    declined = objects(subject.generate(AAC)[0])
    script = TDES.script(declined[0x9F26])
    assert subject.status(script.command("8C1E0000")) == 0x9000


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("8C1E0000", True),
        ("84180000", True),
        ("0CDA9F14", True),
        ("04DC010C", True),
        ("801E0000", False),
        ("84E20000", False),
        ("80AE0000", False),
        ("0C1E0000", False),
    ],
)
def test_the_platform_leaves_scripts_to_the_application(command: str, expected: bool) -> None:
    assert card().applet.unwraps(parse_command(bytes.fromhex(command))) is expected


def test_a_script_of_the_last_transaction_is_no_script_of_this() -> None:
    subject, script = prepared(TDES)
    command = script.command("8C1E0000")
    subject.online()
    assert subject.status(command) == 0x6988


@pytest.mark.parametrize(
    ("header", "data", "secret", "status"),
    [
        ("8C1E0100", None, False, 0x6A86),
        ("8C1E0000", b"x", False, 0x6700),
        ("8C180001", None, False, 0x6A86),
        ("8C160000", b"x", True, 0x6700),
        ("8C240001", NEW_PIN, True, 0x6A80),
        ("8C240001", None, False, 0x6A80),
        ("8C240003", NEW_PIN, True, 0x6A86),
        ("8C240100", None, False, 0x6A86),
        ("8C240000", NEW_PIN, True, 0x6700),
        ("8C240002", None, False, 0x6A80),
        ("8C240002", NEW_PIN, False, 0x6A80),
        ("8C240002", NEW_PIN[:7], True, 0x6A80),
        ("8C240002", b"\x14" + NEW_PIN[1:], True, 0x6A80),
        ("0CDA9F14", b"\1\2", False, 0x6700),
        ("0CDA9F36", b"\0\0", False, 0x6A88),
        ("0CDA9F10", CORE, False, 0x6A88),
        ("0CDC090C", b"\x70\0", False, 0x6A83),
        ("0CDC010F", b"\x70\0", False, 0x6A86),
        ("0CDC010C", b"\x71\0", False, 0x6A80),
        ("0CDC010C", b"", False, 0x6A80),
        ("0CDC0108", b"\x70\0", False, 0x6A86),
    ],
)
def test_commands_that_make_no_sense_are_refused_and_told(
    header: str, data: bytes | None, secret: bool, status: int
) -> None:
    subject, script = prepared(TDES)
    before = dict(subject.applet.groupings)
    assert subject.status(script.command(header, data, secret=secret)) == status
    assert subject.applet.groupings == before
    assert subject.status(script.command("8C240000")) == 0x9000
    assert told(subject)[0x9F10][3:8].hex() == "a031001800"


def test_keys_of_aes_are_in_no_pin_block() -> None:
    subject, script = prepared(aes_issuer(16))
    assert subject.status(script.command("8C240001", NEW_PIN, secret=True)) == 0x6A86


def test_a_card_without_a_pin_has_none_to_unblock() -> None:
    values = groupings()
    del values[0x8010], values[0x9010]
    subject = card(TDES, values)
    script = TDES.script(subject.online())
    assert subject.status(script.command("8C240000")) == 0x6A88


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("", 0x6987),
        ("8E", 0x6987),
        ("8100", 0x6987),
        ("8E03AABBCC", 0x6987),
        ("8E09" + "00" * 9, 0x6987),
        ("8100018E0400000000", 0x6987),
        ("810081008E0400000000", 0x6987),
        ("8E04000000008100", 0x6987),
        ("8E0400000000", 0x6988),
    ],
    ids=str,
)
def test_data_objects_of_messaging(data: str, status: int) -> None:
    subject, _ = prepared(TDES)
    body = bytes.fromhex(data)
    lc = bytes((len(body),)) if body else b""
    assert subject.status(bytes.fromhex("8C1E0000") + lc + body) == status


@pytest.mark.parametrize(
    "carried",
    [
        tlv(0x87, b"\1"),
        tlv(0x87, b"\1" + bytes(7)),
        tlv(0x87, b"\0" + bytes(8)),
        tlv(0x87, b"\1" + bytes(8)),  # no padding in what it deciphers to
        tlv(0x85, bytes(8)),
        tlv(0xB3, b""),
    ],
    ids=lambda each: each.hex(),
)
def test_authentic_objects_may_still_be_wrong(carried: bytes) -> None:
    subject, script = prepared(TDES)
    head = bytes.fromhex("8C240002")
    key = TDES.session_key(TDES.smi, script.arqc)
    message = script.arqc + padded(head, 8) + padded(carried, 8)
    body = carried + tlv(0x8E, retail_mac_of_blocks(key, message))
    assert subject.status(head + bytes((len(body),)) + body) == 0x6988


def visa() -> tuple[Card, cvn.VisaCVN22, bytes]:
    """A card of Visa's version 18 after its ARQC, and pyemv's issuer.

    Its version 22 has the session keys of EMV's Book 2 for scripts, which this card takes too.
    """
    subject = card(TDES, groupings(data=SHORT))
    issuer = cvn.VisaCVN22(TDES.ac, TDES.smi, TDES.smc, "1234567890123456")
    issuer.icc_mk_ac, issuer.icc_mk_smi, issuer.icc_mk_smc = TDES.ac, TDES.smi, TDES.smc
    return subject, issuer, subject.online()


def test_format_2_is_that_of_visa() -> None:
    subject, issuer, arqc = visa()
    header = bytes.fromhex("8424000008")
    unblock = header + issuer.generate_command_mac(header, arqc, b"\0\1")
    assert subject.status(unblock) == 0x9000
    assert subject.status(unblock) == 0x9000  # its MACs are no chain
    header, value = bytes.fromhex("04DA9F1409"), b"\5"
    put = header + value + issuer.generate_command_mac(header, arqc, b"\0\1", value)
    assert subject.status(put) == 0x9000
    assert subject.status(put[:-1] + bytes((put[-1] ^ 1,))) == 0x6988
    assert subject.status(unblock) == 0x6988


@pytest.mark.parametrize("pin", ["987654", "12345", "123456789012"])
@pytest.mark.parametrize("block", ["iso", "visa", "visa-knowing"])
def test_pins_are_changed_in_format_2(pin: str, block: str) -> None:
    subject, issuer, arqc = visa()
    if block == "visa":
        secret = issuer.encrypt_command_data(sm.format_vis_pin_block(TDES.ac, pin), arqc)
        header = bytes.fromhex("8424000218")
        mac = issuer.generate_command_mac(header, arqc, b"\0\1", secret)
        command = header + secret + mac
    else:
        known = PIN if block == "visa-knowing" else None
        command = issuer.generate_pin_change_command(pin, arqc, b"\0\1", known)
    assert subject.status(command) == 0x9000
    subject.select()
    assert subject.verify(sm.format_iso9564_2_pin_block(pin)) == 0x9000


def test_a_pin_change_that_does_not_know_the_pin_changes_nothing() -> None:
    subject, issuer, arqc = visa()
    command = issuer.generate_pin_change_command("987654", arqc, b"\0\1", "4321")
    assert subject.status(command) == 0x6A80
    subject.select()
    assert subject.verify(PIN_BLOCK) == 0x9000


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(8), bytes(16)])
def test_a_pin_in_clear_is_none(data: bytes) -> None:
    subject, issuer, arqc = visa()
    header = bytes.fromhex("84240002") + bytes((len(data) + 8,))
    command = header + data + issuer.generate_command_mac(header, arqc, b"\0\1", data)
    assert subject.status(command) == 0x6A80


def test_format_2_needs_a_whole_mac_and_a_version_of_visa_s() -> None:
    subject, issuer, arqc = visa()
    assert subject.status("8424000004AABBCCDD") == 0x6987
    subject, _ = prepared(TDES)
    header = bytes.fromhex("8424000008")
    unblock = header + issuer.generate_command_mac(header, arqc, b"\0\1")
    assert subject.status(unblock) == 0x6987


@given(st.data())
def test_messages_of_any_kind_get_an_answer(data: st.DataObject) -> None:
    subject, _ = prepared(TDES)
    header = data.draw(st.sampled_from(["8C24", "841E", "0CDA", "04DC", "8C16"]))
    rest = data.draw(st.binary(min_size=2, max_size=2))
    body = data.draw(
        st.binary(max_size=60) | st.binary(max_size=40).map(lambda each: tlv(0x87, each))
    )
    raw = bytes.fromhex(header) + rest + (bytes((len(body),)) + body if body else b"")
    assert subject.status(raw) in (0x6987, 0x6988)
    assert not subject.applet.blocks_card
    assert subject.applet.groupings[0x8010] == PIN_BLOCK
