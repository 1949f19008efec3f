"""Issuer authentication: EXTERNAL AUTHENTICATE, and within the second GENERATE AC."""

from __future__ import annotations

import pytest

from tests.unit.chip.emv.card import (
    ARQC,
    CDOL2,
    CORE,
    TC,
    TDES,
    Card,
    aes_issuer,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import Issuer, tlv
from tests.unit.chip.emv.terminal import objects

APPROVE = bytes.fromhex("00800000")
issuers = pytest.mark.parametrize("issuer", [TDES, aes_issuer(16), aes_issuer(32)])


def online(issuer: Issuer, cdol2: bytes = CDOL2) -> tuple[Card, bytes]:
    values = groupings(issuer, data=None if issuer.is_aes else CORE, cdol2=cdol2)
    subject = card(issuer, values)
    return subject, subject.online()


def external(subject: Card, data: bytes) -> int:
    return subject.status(bytes((0x00, 0x82, 0, 0, len(data))) + data)


def second(subject: Card, authentication: bytes = b"") -> tuple[int, str]:
    found = objects(subject.second(TC, authentication)[0])
    return found[0x9F27][0], found[0x9F10][3:8].hex()


@issuers
def test_method_1_by_external_authenticate(issuer: Issuer) -> None:
    subject, arqc = online(issuer)
    assert external(subject, issuer.arpc_1(b"\0\1", arqc, b"00")) == 0x9000
    assert external(subject, issuer.arpc_1(b"\0\1", arqc, b"00")) == 0x6985
    assert second(subject) == (TC, "6030000000")


@issuers
def test_method_2_by_external_authenticate(issuer: Issuer) -> None:
    subject, arqc = online(issuer)
    assert external(subject, issuer.arpc_2(b"\0\1", arqc, APPROVE)) == 0x9000
    assert second(subject) == (TC, "6030000000")


@issuers
@pytest.mark.parametrize("more", [b"", b"\1\2\3", bytes(range(8))])
def test_method_2_within_the_second_command_with_more_data(issuer: Issuer, more: bytes) -> None:
    if len(more) == 3:
        cdol2 = bytes.fromhex("8A02910B9F3704")
        subject, arqc = online(issuer, cdol2=cdol2)
        data = issuer.arpc_2(b"\0\1", arqc, b"\x80\x80\0\0", more)
        response, _ = subject.generate(TC, b"00" + data + bytes(4))
        assert objects(response)[0x9F27] == bytes((TC,))
        return
    subject, arqc = online(issuer)
    update = bytes((0x80 if more else 0, 0x80, 0, 0))
    assert second(subject, issuer.arpc_2(b"\0\1", arqc, update, more))[0] == TC


@issuers
def test_a_wrong_answer_declines_and_is_told_until_one_is_right(issuer: Issuer) -> None:
    subject, arqc = online(issuer)
    good = issuer.arpc_1(b"\0\1", arqc, b"00")
    assert external(subject, bytes((good[0] ^ 1,)) + good[1:]) == 0x6300
    assert external(subject, good) == 0x6985
    assert second(subject) == (0x00, "2130000000")
    again = Card(restarted(subject.applet), issuer)
    arqc = again.online()
    assert second(again, issuer.arpc_2(b"\0\2", arqc, APPROVE)) == (TC, "6030000000")


@issuers
def test_a_wrong_answer_within_the_second_command_declines(issuer: Issuer) -> None:
    subject, arqc = online(issuer)
    wrong = issuer.arpc_2(b"\0\2", arqc, APPROVE)
    assert second(subject, wrong) == (0x00, "2130000000")
    assert subject.ok("80CA9F1300").hex() == "9f13020000"


def test_no_answer_is_no_failure() -> None:
    subject, _ = online(TDES)
    assert second(subject) == (TC, "6230000000")
    subject.begin()
    found = objects(subject.generate(ARQC)[0])
    assert found[0x9F10][3:8].hex() == "a230000000"


def test_an_answer_may_be_mandatory() -> None:
    values = groupings(data=CORE, internal=tlv(0x9F56, b"\x80"))
    subject = card(TDES, values)
    subject.online()
    assert second(subject)[0] == 0x00
    arqc = subject.online()
    assert second(subject, TDES.arpc_2(b"\0\2", arqc, APPROVE))[0] == TC


def test_an_issuer_that_does_not_approve_is_obeyed() -> None:
    subject, arqc = online(TDES)
    assert second(subject, TDES.arpc_2(b"\0\1", arqc, bytes(4)))[0] == 0x00


@pytest.mark.parametrize("size", [7, 17])
def test_external_authenticate_takes_8_to_16_octets(size: int) -> None:
    subject, _ = online(TDES)
    assert external(subject, bytes(size)) == 0x6700
    assert subject.status("0082010008" + "00" * 8) == 0x6A86


def test_a_list_that_asks_for_too_little_fails() -> None:
    subject, _ = online(TDES, cdol2=bytes.fromhex("8A029104"))
    response, _ = subject.generate(TC, b"00" + b"ARPC")
    assert objects(response)[0x9F27] == b"\0"


def updated(update: str) -> Card:
    limits = tlv(0x9F14, b"\5") + tlv(0x9F23, b"\7")
    subject = card(TDES, groupings(data=CORE, internal=limits))
    subject.begin()
    subject.generate(TC)
    subject.verify(bytes(8))
    arqc = subject.online()
    subject.second(TC, TDES.arpc_2(subject.atc(), arqc, bytes.fromhex(update)))
    return subject


@pytest.mark.parametrize(
    ("update", "register", "value"),
    [
        ("00800000", "offline", 1),
        ("00810000", "offline", 7),
        ("00820000", "offline", 0),
        ("00830000", "offline", 2),
        ("00880000", "go_online", 1),
        ("00A00000", "blocked", 1),
        ("00C00000", "card_blocked", 1),
        ("01900000", "pin_tries", 1),
        ("00900000", "pin_tries", 0),
        ("0F900000", "pin_tries", 3),  # no more than the limit
        ("01800000", "pin_tries", 3),  # not to be set
    ],
)
def test_the_card_status_update_is_carried_out(update: str, register: str, value: int) -> None:
    """EMV 4.4 Book 3, table CCD 11."""
    assert updated(update).applet.counters.get(register, 0) == value


def test_a_card_told_to_go_online_does_so_once() -> None:
    subject = updated("00880000")
    subject.begin()
    response, _ = subject.generate(TC)
    assert objects(response)[0x9F27] == bytes((ARQC,))
    assert objects(response)[0x9F10][3:8].hex() == "a030000200"
    subject.second(TC, TDES.arpc_2(subject.atc(), objects(response)[0x9F26], APPROVE))
    subject.begin()
    assert objects(subject.generate(TC)[0])[0x9F27] == bytes((TC,))


def test_blocks_take_hold() -> None:
    blocked = updated("00A00000")
    assert blocked.select() == 0x6283
    assert objects_after_selection(blocked)[0x9F27] == b"\0"
    assert not blocked.applet.blocks_card
    assert updated("00C00000").applet.blocks_card


def objects_after_selection(subject: Card) -> dict[int, bytes]:
    subject.begin()
    return objects(subject.generate(TC)[0])
