"""A badge as data preparation and key management make it, at the door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cardwright.access.an10922 import diversify
from cardwright.chip import Chip
from cardwright.chip.crypto import aes_key_check_value
from cardwright.cipher import ClearAes
from cardwright.door import DoorError, DoorReader, Site
from cardwright.emv.dgi import parse_all
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from cardwright.reader import InProcessCard
from cardwright.secret import SecretBytes, SecretText
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import draft
from services.dataprep.domain.request import CardRequest
from services.dataprep.domain.sections import Sections
from tests.unit.chip.personalizer import OK, new_chip, open_session, run, script
from tests.unit.dataprep.fakes import BADGE, CREDENTIAL, TODAY, WORKS

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
MASTER = SecretBytes(bytes(range(16)))
SITE = Site(bytes.fromhex("F0434152445702"), MASTER, b"DOORS", "H10301")


def sections() -> Sections:
    request = CardRequest(
        issuer=WORKS.name,
        request_id="request-1",
        surname=SecretText("Marlowe"),
        given_names=SecretText("Ines"),
        employee_number=SecretText("A-004217"),
        photo=b"portrait",
    )
    made = draft(CARD, request, BADGE, WORKS, waived=(), today=TODAY)
    return compose(made, None, CREDENTIAL)


def badge(changed: dict[int, bytes] | None = None) -> Chip:
    """A chip that was personalized over SCP03; ``changed`` groupings in place of the true ones."""
    made = sections()
    key = diversify(ClearAes(MASTER), made.keys.applications[0].badge_diversifier).reveal()
    plain = {
        dgi.id: dgi.value for each in made.chip.applications[0].dgis for dgi in parse_all(each)
    }
    plain |= {0x9001: aes_key_check_value(key)} | (changed or {})
    chip = new_chip()
    channel = open_session(chip)
    groupings = [DataGrouping(encode_dgi(dgi, value)) for dgi, value in plain.items()]
    secret = encode_dgi(0x8001, channel.encrypt_sensitive(key))
    groupings.insert(0, DataGrouping(secret, encrypted=True))
    code = (made.chip.applications[0].module_aid[:-1], made.chip.applications[0].module_aid)
    steps = script(code, made.chip.applications[0].instance_aid, groupings)
    assert {answer[-2:] for answer in run(chip, channel, steps)} == {OK}
    return chip


def refused(site: Site, chip: Chip) -> str:
    with pytest.raises(DoorError) as fault:
        DoorReader(site).read(InProcessCard(chip))
    return fault.value.code


def test_the_door_learns_the_number() -> None:
    number = DoorReader(SITE).read(InProcessCard(badge()))
    assert (number.facility, number.card) == (118, 1603)


def test_the_number_is_read_by_nobody_without_the_key() -> None:
    chip = badge()
    chip.power_on()
    select = bytes.fromhex("00A4040007F0434152445702")
    assert chip.process(select)[-2:] == OK
    assert chip.process(bytes.fromhex("00B201AC00")) == bytes.fromhex("6982")
    record = next(
        dgi
        for each in sections().chip.applications[0].dgis
        for dgi in parse_all(each)
        if dgi.id == 5377
    )
    assert record.value.hex() == "df0505" + "06bb032180"
    assert all(sfi < 21 for sfi, _, _ in sections().inspection.applications[0].records)


@pytest.mark.parametrize(
    ("site", "code"),
    [
        (replace(SITE, application=b"\xf0OTHER"), "BADGE_FOREIGN"),
        (replace(SITE, master=SecretBytes(bytes(16))), "BADGE_COUNTERFEIT"),
        (replace(SITE, system=b"GATES"), "BADGE_COUNTERFEIT"),
        (replace(SITE, format="H10304"), "NUMBER_FORMAT"),
        (replace(SITE, identity=(1, 1, 0xDF02)), "BADGE_DATA"),
        (replace(SITE, number=(21, 2, 0xDF05)), "BADGE_DATA"),
    ],
    ids=["application", "master", "system", "format", "identity", "number"],
)
def test_another_sites_reader_opens_nothing(site: Site, code: str) -> None:
    assert refused(site, badge()) == code


def test_a_copied_number_is_no_badge() -> None:
    copy = badge({0x0102: bytes.fromhex("7027DF0424") + b"01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e12"})
    assert refused(SITE, copy) == "BADGE_COUNTERFEIT"
