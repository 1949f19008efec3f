"""What data preparation makes for a chip, on the chip itself."""

from __future__ import annotations

import pytest

from cardwright.chip.apdu import Command
from cardwright.chip.applet import Applet, ApplicationState
from cardwright.chip.badge_applet import BadgeApplet
from cardwright.chip.crypto import aes_key_check_value, des_key_check_value
from cardwright.chip.emv import EmvApplet
from cardwright.emv.dgi import parse_all
from cardwright.iso import tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretText
from services.dataprep.domain.account import Account
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import draft
from services.dataprep.domain.request import CardRequest
from services.dataprep.domain.sections import Sections
from tests.unit.dataprep.fakes import BADGE, BANK, CREDENTIAL, DEBIT, TODAY, WORKS

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
KEYS = bytes(range(48))


@pytest.fixture
def debit() -> Sections:
    request = CardRequest("aurora-bank", "request-1", SecretText("Marlowe"), SecretText("Ines"))
    cvv, cvv2, icvv = (SecretText(value) for value in ("123", "456", "789"))
    account = Account(
        Pan("9999990000000006"), "00", Expiry(2029, 11), cvv, cvv2, icvv, issued=False
    )
    return compose(draft(CARD, request, DEBIT, BANK, waived=(), today=TODAY), account)


@pytest.fixture
def badge() -> Sections:
    request = CardRequest(
        issuer=WORKS.name,
        request_id="request-1",
        surname=SecretText("Marlowe"),
        given_names=SecretText("Ines"),
        employee_number=SecretText("A-004217"),
        photo=b"portrait",
    )
    return compose(draft(CARD, request, BADGE, WORKS, waived=(), today=TODAY), None, CREDENTIAL)


def _personalized(applet: Applet, sections: Sections, keys: dict[int, bytes]) -> Applet:
    for dgi in parse_all(b"".join(sections.chip.applications[0].dgis)):
        applet.store(dgi.id, dgi.value, encrypted=False)
    for grouping, value in keys.items():
        applet.store(grouping, value, encrypted=grouping in applet.ENCRYPTED)
    applet.close_personalization()
    assert applet.state is ApplicationState.PERSONALIZED
    return applet


def _debit_chip(sections: Sections) -> Applet:
    checks = b"".join(des_key_check_value(KEYS[at : at + 16]) for at in (0, 16, 32))
    applet = EmvApplet(sections.chip.applications[0].instance_aid)
    return _personalized(applet, sections, {0x8000: KEYS, 0x9000: checks})


def _badge_chip(sections: Sections) -> Applet:
    key = KEYS[:16]
    applet = BadgeApplet(sections.chip.applications[0].instance_aid)
    return _personalized(applet, sections, {0x8001: key, 0x9001: aes_key_check_value(key)})


def _assert_reads_as_expected(chip: Applet, sections: Sections) -> None:
    chip.select()
    for sfi, number, content in sections.inspection.applications[0].records:
        read = chip.process(Command(0x00, 0xB2, number, sfi << 3 | 4, le=256))
        assert read == content


def test_a_debit_chip_reads_as_inspection_expects(debit: Sections) -> None:
    _assert_reads_as_expected(_debit_chip(debit), debit)


def test_a_badge_chip_reads_as_inspection_expects(badge: Sections) -> None:
    _assert_reads_as_expected(_badge_chip(badge), badge)


def test_a_debit_chip_can_pay(debit: Sections) -> None:
    chip = _debit_chip(debit)
    assert tlv.find(chip.select(), 0x6F, 0xA5, 0x50) == b"CARDWRIGHT DEBIT"
    options = chip.process(Command(0x80, 0xA8, 0, 0, b"\x83\x00", le=256))
    assert tlv.find(options, 0x77, 0x94) == bytes.fromhex("0801010010010200")
    # The lengths are those of the product's CDOL1 and, with the issuer's response code, CDOL2.
    for kind, length, answer in ((0x80, 29, b"\x80"), (0x40, 31, b"\x40")):
        cryptogram = chip.process(Command(0x80, 0xAE, kind, 0, bytes(length), le=256))
        assert tlv.find(cryptogram, 0x77, 0x9F27) == answer
