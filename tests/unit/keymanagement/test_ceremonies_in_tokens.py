"""Ceremonies over SoftHSM: the same changes as over the keystore, in the tokens of one house."""

from __future__ import annotations

import pytest

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.components import combine, split
from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.inventory.lifecycle import State
from services.keymanagement.module.keys import TDES_112, Usage
from services.keymanagement.module.values import make
from tests.support.softhsm import House, missing
from tests.unit.keymanagement.ceremony_kit import NEW, Bureau
from tests.unit.keymanagement.test_key_blocks_in_module import (
    PAYSHIELD,
    PAYSHIELD_KBPK,
    PAYSHIELD_KEY,
)

DATAPREP = "dataprep.site-1"


@pytest.fixture(scope="module")
def house() -> House:
    if reason := missing():
        pytest.skip(reason)
    return House()


@pytest.fixture(scope="module")
def bureau(house: House, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    return Bureau(tmp_path_factory.mktemp("ceremonies"), house)


def import_whole(bureau: Bureau, label: str, usage: Usage, value: SecretBytes) -> str:
    bureau.desk.people = ["anna", "boris"]
    parts = split(TDES_112, value, 2)
    bureau.desk.entered = dict(zip(bureau.desk.people, parts, strict=True))
    asked = {**NEW, "label": label, "usage": usage.value, "algorithm": "TDES-112"}
    made = bureau.do(Action.IMPORT, **asked, components="2", activate="yes")
    return made.key_id


def test_a_key_lives_and_dies_in_every_token_that_holds_it(bureau: Bureau, house: House) -> None:
    bureau.do(Action.ROTATE, label="aurora-bank/CVK")
    rotated = bureau.key("aurora-bank/CVK#2")
    dataprep = house.backend(DATAPREP)
    dataprep.refresh()
    assert rotated in set(dataprep.held())
    assert dataprep.tdes(rotated).left.encrypt(bytes(8))
    for action in (Action.DEACTIVATE, Action.DESTROY):
        bureau.do(action, key=rotated.key_id)
    dataprep.refresh()
    assert bureau.state(rotated.key_id) is State.DESTROYED
    assert rotated not in set(dataprep.held())
    assert rotated not in set(bureau.store.keys())


def test_a_key_comes_from_components_and_leaves_in_others(bureau: Bureau) -> None:
    value = make(Usage.CVK, TDES_112)
    key_id = import_whole(bureau, "acme/CVK", Usage.CVK, value)
    assert bureau.value(key_id) == value
    bureau.desk.handed.clear()
    bureau.do(Action.EXPORT, key=key_id, components="2")
    assert combine(TDES_112, list(bureau.desk.handed.values())) == value
    with pytest.raises(HsmError) as caught:
        bureau.do(Action.EXPORT, key="section/print#1", components="2")
    assert caught.value.code == "KEY_NOT_EXPORTABLE"


def test_a_key_leaves_in_a_block_and_comes_back(bureau: Bureau) -> None:
    out = bureau.do(Action.WRAP, key="aurora-bank/PVK#1", kbpk="bureau/KBPK")
    assert out.key_block.startswith("D")
    back = bureau.do(
        Action.UNWRAP, label="acme/PVK", kbpk="bureau/KBPK", block=out.key_block, **NEW
    )
    assert bureau.value(back.key_id) == bureau.value("aurora-bank/PVK#1")


def test_another_hsms_blocks_are_read_old_versions_too(bureau: Bureau) -> None:
    """Versions A and C take variants of the protection key, which are objects of their own."""
    import_whole(bureau, "acme/KBPK", Usage.KEY_ENCRYPTION, SecretBytes(PAYSHIELD_KBPK))
    for version, block in PAYSHIELD.items():
        made = bureau.do(
            Action.UNWRAP, label=f"acme/ZMK-{version}", kbpk="acme/KBPK", block=block, **NEW
        )
        assert bureau.value(made.key_id) == PAYSHIELD_KEY
