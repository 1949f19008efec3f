from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from cardwright.hsm.port import HsmError
from services.keymanagement.module import __main__ as program
from services.keymanagement.module.keys import Algorithm, Usage
from services.keymanagement.module.pkcs11.capabilities import NEEDS, mechanisms_of
from services.keymanagement.module.pkcs11.holders import token_label
from services.keymanagement.module.pkcs11.pins import user_pin
from services.keymanagement.module.pkcs11.probe import Verdict, announced, probe_library, tried
from services.keymanagement.module.pkcs11.report import PIN
from services.keymanagement.module.pkcs11.token import Token
from services.keymanagement.module.pkcs11.trials import TRIALS
from tests.support.softhsm import House, library, missing
from tests.support.unplugged import Plug, plugged

DES3_ECB, DES3_CMAC, EDDSA = 0x132, 0x138, 0x1057
NAME = "printing.site-1"


@pytest.fixture(scope="module")
def house() -> House:
    if reason := missing():
        pytest.skip(reason)
    return House()


@pytest.fixture
def plug(house: House) -> Iterator[Plug]:
    del house
    with plugged(library().lib) as plug:
        yield plug


@pytest.fixture
def token(house: House) -> Token:
    label = token_label(house.name, NAME)
    return Token(library(), label, user_pin(house.logins[NAME], label))


def verdicts(token: Token) -> dict[str, Verdict]:
    return {finding.need.mechanism: finding.verdict for finding in tried(token)}


def test_every_need_has_a_trial_and_every_purpose_its_needs() -> None:
    named = {need.mechanism for need in NEEDS}
    assert named == TRIALS.keys()
    for usage in Usage:
        for algorithm in usage.algorithms:
            assert mechanisms_of(usage, algorithm) <= named
            assert mechanisms_of(usage, algorithm)


def test_softhsm_does_all_that_is_needed(token: Token) -> None:
    assert verdicts(token) == dict.fromkeys(TRIALS, Verdict.WORKS)


def test_nothing_stays_in_the_token(token: Token, house: House) -> None:
    before = house.tokens.of(NAME, house.logins[NAME]).held()
    tried(token)
    assert house.tokens.of(NAME, house.logins[NAME]).held() == before


def test_what_a_library_lacks_is_told_with_its_consequence(token: Token, plug: Plug) -> None:
    plug.hide(DES3_ECB, DES3_CMAC)
    lacking = {
        finding.need.mechanism: finding.row()["consequence"]
        for finding in tried(token)
        if not finding.verdict.serves
    }
    assert lacking.keys() == {"CKM_DES3_ECB", "CKM_DES3_CMAC"}
    assert "no payment card" in lacking["CKM_DES3_ECB"]
    assert [each for each in announced(library(), token.slot) if each.verdict is Verdict.MISSING]


def test_a_library_that_claims_what_fails_is_found_out(token: Token, plug: Plug) -> None:
    plug.pull(0x054, only="C_SignInit")  # CKR_FUNCTION_NOT_SUPPORTED
    found = {finding.need.mechanism: finding for finding in tried(token)}
    assert found["CKM_EDDSA"].verdict is Verdict.FAILS
    assert found["CKM_EDDSA"].detail == "CKR_FUNCTION_NOT_SUPPORTED"
    assert found["CKM_DES3_ECB"].verdict is Verdict.WORKS


def test_a_library_that_computes_something_else_is_found_out(token: Token, plug: Plug) -> None:
    plug.spoil("C_Encrypt")
    found = {finding.need.mechanism: finding for finding in tried(token)}
    assert found["CKM_AES_ECB"].verdict is Verdict.FAILS
    assert found["CKM_AES_ECB"].detail.startswith("another result with AES-128")
    assert found["CKM_AES_CMAC"].verdict is Verdict.WORKS


def test_keys_that_could_not_be_used_are_refused(house: House, plug: Plug) -> None:
    plug.hide(DES3_CMAC, EDDSA)
    store = house.opened()
    for usage, algorithm in (
        (Usage.KEY_ENCRYPTION, Algorithm.parse("TDES-112")),
        (Usage.SIGN, Usage.SIGN.algorithms[0]),
    ):
        with pytest.raises(HsmError) as caught:
            store.generate("bureau/new", 1, usage, algorithm)
        assert caught.value.code == "BACKEND_INCAPABLE"
    store.generate("issuer/CVK", 1, Usage.CVK, Usage.CVK.algorithms[0])


def test_a_use_that_the_library_can_not_do_is_refused(house: House, plug: Plug) -> None:
    key = house.store.generate("issuer/CVK", 2, Usage.CVK, Usage.CVK.algorithms[0])
    backend = house.tokens.of("dataprep.site-1", house.logins["dataprep.site-1"])
    plug.hide(DES3_ECB)
    with pytest.raises(HsmError) as caught:
        backend.tdes(key).encrypt(bytes(8))
    assert caught.value.code == "BACKEND_INCAPABLE"
    assert not caught.value.passes


def test_the_command(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "qa.site-1"  # that nobody of this process opened yet: later no PIN is compared
    label = token_label(house.name, name)
    named = ["probe", f"--library={library().path}", f"--token={label}"]
    monkeypatch.setenv(PIN, "wrong")
    assert program.main(named) == 1
    assert capsys.readouterr().err.startswith("TOKEN_LOGIN: ")
    monkeypatch.setenv(PIN, user_pin(house.logins[name], label).reveal())
    assert program.main([*named, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["mechanism"] for row in rows} == TRIALS.keys()
    assert {row["verdict"] for row in rows} == {"works"}
    with plugged(library().lib) as plug:
        plug.hide(EDDSA)
        assert program.main(named) == 1
    said = capsys.readouterr()
    assert "so: no station can sign" in said.out
    assert said.err.startswith("BACKEND_INCAPABLE: 2 of 14")


def test_what_is_no_library_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["probe", "--library=/nowhere/lib.so"]) == 1
    assert capsys.readouterr().err.startswith("PKCS11_LIBRARY: ")


def test_a_machine_without_the_binding_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PyKCS11", None)
    with pytest.raises(HsmError) as caught:
        probe_library("/another/lib.so")
    assert caught.value.code == "PKCS11_BINDING"
