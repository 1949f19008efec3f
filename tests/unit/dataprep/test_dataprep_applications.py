"""A chip of several applications: as it is composed, and on the software chip itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardwright.chip.apdu import Command
from cardwright.chip.applet import ApplicationState
from cardwright.chip.crypto import des_key_check_value
from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv import EmvApplet
from cardwright.emv.application import OfflineAuthentication
from cardwright.emv.dgi import Dgi, parse_all
from cardwright.emv.oda.certificate import ICC_TAGS
from cardwright.emv.oda.icc import CardSubject, certify_icc
from cardwright.emv.profile import Method
from cardwright.emv.records import read_locator
from cardwright.emv.rsa import public_of
from cardwright.emv.selection import PPSE, PSE
from cardwright.iso import tlv
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretText
from services.dataprep.catalogue import load_profiles, read_product
from services.dataprep.chips import Application, ApplicationsChip
from services.dataprep.domain.applications import (
    ChipApplication,
    ComposedChip,
    InspectedApplication,
    compose_chip,
)
from services.dataprep.domain.compose import Account
from services.dataprep.domain.draft import Draft, draft
from services.dataprep.domain.faults import RefusedError
from services.dataprep.domain.request import CardRequest
from services.dataprep.products import Product
from tests.unit.dataprep.fakes import BANK, CATALOGUE, TODAY
from tests.unit.emv.oda_kit import issuer_key
from tests.unit.emv.rsa_kit import rsa_key

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
AID = bytes.fromhex("F0434152445701")
PROFILES = load_profiles(CATALOGUE)
DEBIT_2 = read_product(CATALOGUE / "products/emv-debit/v2.yaml")
PAN = Pan("9999990000000006")
CVV, CVV2, ICVV = map(SecretText, ("123", "456", "789"))
ACCOUNT = Account(PAN, "00", Expiry(2029, 11), CVV, CVV2, ICVV, issued=False)


def drafted(product: Product = DEBIT_2) -> Draft:
    request = CardRequest(BANK.name, "request-1", SecretText("Marlowe"), SecretText("Ines"))
    return draft(CARD, request, product, BANK, waived=(), today=TODAY)


def composed(**chip_changes: Any) -> ComposedChip:
    assert isinstance(DEBIT_2.chip, ApplicationsChip)
    chip = DEBIT_2.chip.model_copy(update=chip_changes)
    return compose_chip(drafted(DEBIT_2.model_copy(update={"chip": chip})), ACCOUNT, PROFILES)


def application(**changes: Any) -> Application:
    assert isinstance(DEBIT_2.chip, ApplicationsChip)
    return DEBIT_2.chip.applications[0].model_copy(update=changes)


def test_applications_come_first_and_directories_last() -> None:
    chip = composed()
    assert chip.kmc == "chip/KMC#1"
    assert [(item.module_aid, item.instance_aid) for item in chip.applications] == [
        (EmvApplet.MODULE, AID),
        (DirectoryApplet.MODULE, PSE),
        (DirectoryApplet.MODULE, PPSE),
    ]
    assert [item.instance_aid for item in chip.inspected] == [AID, PSE, PPSE]
    assert [item.instance_aid for item in chip.recipes] == [AID], "a directory has no keys"


def test_the_recipe_of_the_application() -> None:
    (recipe,) = composed().recipes
    assert recipe.masters == {
        "MK-AC": "aurora-bank/IMK-AC#1",
        "MK-SMI": "aurora-bank/IMK-SMI#1",
        "MK-SMC": "aurora-bank/IMK-SMC#1",
    }
    assert (recipe.derivation, recipe.issuer_key) == ("A", "aurora-bank/ISSUER-RSA#1")
    assert (recipe.offline_pin, recipe.pin_tries) == (True, 3)
    assert recipe.authentication is not None
    assert recipe.authentication.method is Method.CDA
    assert recipe.contactless_authentication is None, "one signature serves both interfaces"


def test_the_issuers_own_key_versions_count() -> None:
    issuer = BANK.model_copy(update={"masters": {"ISSUER-RSA": "aurora-bank/ISSUER-RSA#4"}})
    (recipe,) = compose_chip(replace(drafted(), issuer=issuer), ACCOUNT, PROFILES).recipes
    assert recipe.issuer_key == "aurora-bank/ISSUER-RSA#4"


def test_a_product_without_a_pin_grants_no_tries() -> None:
    (recipe,) = composed(applications=(application(pin=False, issuer_key=None),)).recipes
    assert (recipe.offline_pin, recipe.pin_tries, recipe.issuer_key) == (False, 0, "")


def test_several_applications_have_data_and_keys_of_their_own() -> None:
    names = [AID + bytes((number,)) for number in (1, 2)]
    chip = composed(
        applications=tuple(
            application(instance_aid=name, track2=f"{number}{{icvv}}")
            for number, name in enumerate(names, 1)
        )
    )
    assert [item.instance_aid for item in chip.applications] == [*names, PSE, PPSE]
    assert [recipe.instance_aid for recipe in chip.recipes] == names
    tracks = [
        tlv.find(content, 0x70, 0x57)
        for item in chip.inspected[:2]
        for file, number, content in item.records
        if (file, number) == (1, 1)
    ]
    assert [(track or b"").hex()[24:] for track in tracks] == ["1789", "2789"]
    directory = chip.inspected[2].records[0][2]
    assert all(tlv.encode(0x4F, name) in directory for name in names)


def test_inspection_reads_all_records_but_the_certificates() -> None:
    debit, pse, ppse = composed().inspected
    assert (debit.authentication, pse.authentication, ppse.authentication) == ("CDA", "", "")
    assert {file for file, _, _ in debit.records} == {1, 2}
    assert [(file, number) for file, number, _ in pse.records] == [(1, 1)]
    assert ppse.records == ()


def test_what_no_record_holds_refuses_the_card() -> None:
    wide = PROFILES["emv-debit-cda/v1"].model_copy(update={"extra": {0x9F1F: b"0" * 252}})
    with pytest.raises(RefusedError) as caught:
        compose_chip(drafted(), ACCOUNT, {"emv-debit-cda/v1": wide})
    assert caught.value.code == "RECORD_LENGTH"


def test_nothing_personal_prints() -> None:
    shown = repr(composed())
    for secret in ("9999990000000006", "MARLOWE", "789", b"MARLOWE".hex()):
        assert secret not in shown.replace("ISSUER-RSA", "")


MASTER_KEYS = bytes(range(48))
PIN_BLOCK = bytes.fromhex("241234FFFFFFFFFF")


def _filled(authentication: OfflineAuthentication) -> list[Dgi]:
    """What the security module makes of the templates, its authority's certificate apart."""
    own = public_of(rsa_key(authentication.icc_bits, 3, "icc"))
    subject = CardSubject(PAN, ACCOUNT.expiry, 1)
    made = certify_icc(
        issuer_key(1408, identifier=PAN.digits()[:6]), own, subject, authentication.static_data
    )
    values = dict(made.objects(ICC_TAGS)) | {0x90: bytes(248), 0x9F32: b"\x03"}
    return [
        Dgi(
            template.sfi << 8 | template.number,
            tlv.encode(
                0x70,
                tlv.encode_all(
                    (tag, values[tag] if value is None else value)
                    for tag, value in template.objects
                ),
            ),
        )
        for template in authentication.records
    ]


def _personalized(application_: ChipApplication, more: list[Dgi]) -> EmvApplet:
    applet = EmvApplet(application_.instance_aid)
    parts = rsa_key(1152, 3, "icc").parts
    key = (parts.qinv, parts.dq, parts.dp, parts.q, parts.p)
    checks = b"".join(des_key_check_value(MASTER_KEYS[at : at + 16]) for at in (0, 16, 32))
    for dgi in (
        *parse_all(b"".join(application_.dgis)),
        *more,
        Dgi(0x8000, MASTER_KEYS),
        Dgi(0x9000, checks),
        Dgi(0x8010, PIN_BLOCK),
        Dgi(0x9010, b"\x03\x03"),
        *(Dgi(0x8201 + number, part.reveal()) for number, part in enumerate(key)),
    ):
        applet.store(dgi.id, dgi.value, encrypted=dgi.id in applet.ENCRYPTED)
    applet.close_personalization()
    return applet


def _record(applet: EmvApplet | DirectoryApplet, sfi: int, number: int) -> bytes:
    return applet.process(Command(0x00, 0xB2, number, sfi << 3 | 4, le=256))


@pytest.fixture(scope="module")
def debit() -> tuple[EmvApplet, InspectedApplication]:
    chip = composed()
    authentication = chip.recipes[0].authentication
    assert authentication is not None
    return _personalized(chip.applications[0], _filled(authentication)), chip.inspected[0]


@pytest.mark.parametrize("contactless", [False, True], ids=["contact", "contactless"])
def test_the_chip_reads_as_inspection_expects(
    debit: tuple[EmvApplet, InspectedApplication], contactless: bool
) -> None:
    """Over each interface the locator names all that inspection expects, and the certificates."""
    applet, expected = debit
    assert applet.state is ApplicationState.PERSONALIZED
    applet.contactless = contactless
    applet.select()
    options = applet.process(Command(0x80, 0xA8, 0, 0, b"\x83\x00", le=256))
    assert tlv.find(options, 0x77, 0x82) == bytes.fromhex("3900")
    located = read_locator(tlv.find(options, 0x77, 0x94) or b"")
    read = {(item.sfi, item.number): _record(applet, item.sfi, item.number) for item in located}
    assert {position: read[position] for position in read if position[0] < 3} == {
        (sfi, number): content for sfi, number, content in expected.records
    }
    certificates = b"".join(content for (sfi, _), content in read.items() if sfi == 3)
    assert bytes.fromhex("9081F8") + bytes(248) in certificates


def test_the_chip_verifies_a_pin_and_pays(debit: tuple[EmvApplet, InspectedApplication]) -> None:
    applet, _ = debit
    applet.contactless = False
    applet.select()
    applet.process(Command(0x80, 0xA8, 0, 0, b"\x83\x00", le=256))
    applet.process(Command(0x00, 0x20, 0, 0x80, PIN_BLOCK))
    asked = PROFILES["emv-debit-cda/v1"].contact.cdol1.data_length
    answer = applet.process(Command(0x80, 0xAE, 0x80, 0, bytes(asked), le=256))
    assert tlv.find(answer, 0x77, 0x9F27) == b"\x80"
    assert (tlv.find(answer, 0x77, 0x9F10) or b"").hex().startswith("06011203")
