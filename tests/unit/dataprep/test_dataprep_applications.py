"""A chip of several applications as it is composed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cardwright.chip.directory_applet import DirectoryApplet
from cardwright.chip.emv import EmvApplet
from cardwright.emv.profile_parts import Method
from cardwright.emv.selection import PPSE, PSE
from cardwright.iso import tlv
from services.dataprep.chips import Application, ApplicationsChip
from services.dataprep.domain.applications import ComposedChip
from services.dataprep.domain.compose import compose
from services.dataprep.domain.faults import RefusedError
from tests.unit.dataprep import chip_kit
from tests.unit.dataprep.chip_kit import ACCOUNT, CARD_PIN, DEBIT_2, PROFILE, drafted
from tests.unit.dataprep.fakes import BANK

AID = bytes.fromhex("F0435754530101")


def composed(**chip_changes: Any) -> ComposedChip:
    assert isinstance(DEBIT_2.chip, ApplicationsChip)
    chip = DEBIT_2.chip.model_copy(update=chip_changes)
    return chip_kit.composed(drafted(DEBIT_2.model_copy(update={"chip": chip})))


def application(**changes: Any) -> Application:
    assert isinstance(DEBIT_2.chip, ApplicationsChip)
    return DEBIT_2.chip.applications[0].model_copy(update=changes)


def test_applications_come_first_and_directories_last() -> None:
    chip = composed()
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
        "MK-AC": "aurora-bank/IMK-AC",
        "MK-SMI": "aurora-bank/IMK-SMI",
        "MK-SMC": "aurora-bank/IMK-SMC",
    }
    assert (recipe.derivation, recipe.issuer_key) == ("A", "aurora-bank/ISSUER-RSA")
    assert (recipe.offline_pin, recipe.pin_tries) == (True, 3)
    assert recipe.authentication is not None
    assert recipe.authentication.method is Method.CDA


def test_the_issuers_own_key_versions_count() -> None:
    issuer = BANK.model_copy(update={"masters": {"ISSUER-RSA": "aurora-bank/ISSUER-RSA#4"}})
    (recipe,) = chip_kit.composed(replace(drafted(), issuer=issuer)).recipes
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
    wide = PROFILE.model_copy(update={"extra": {0x9F1F: b"0" * 252}})
    with pytest.raises(RefusedError) as caught:
        compose(drafted(), ACCOUNT, None, CARD_PIN, {"emv-debit-cda/v1": wide})
    assert caught.value.code == "RECORD_LENGTH"


def test_nothing_personal_prints() -> None:
    shown = repr(composed())
    for secret in ("9999990000000006", "MARLOWE", "789", b"MARLOWE".hex()):
        assert secret not in shown.replace("ISSUER-RSA", "")
