from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module import keystore
from services.keymanagement.module.files import write_private
from services.keymanagement.module.keys import Algorithm, Key, Usage
from services.keymanagement.module.keystore import load_keystore, save_keystore
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.provision import create, issuers_of
from services.keymanagement.module.values import check_value, make

PASSPHRASE = SecretText("a passphrase for tests")
TDES = Algorithm.parse("TDES-112")


@pytest.fixture(autouse=True)
def _cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})


@pytest.fixture
def keys() -> dict[Key, SecretBytes]:
    made = {}
    for usage in Usage:
        for algorithm in usage.algorithms:
            value = make(usage, algorithm)
            label = f"test/{usage.value}-{algorithm}"
            made[Key(label, 1, usage, algorithm, check_value(algorithm, value))] = value
    return made


def refused(path: Path, passphrase: SecretText = PASSPHRASE) -> str:
    with pytest.raises(HsmError) as caught:
        load_keystore(path, passphrase)
    return caught.value.code


def test_keys_come_back_and_do_not_show(tmp_path: Path, keys: dict[Key, SecretBytes]) -> None:
    path = tmp_path / "keystore.json"
    save_keystore(path, PASSPHRASE, keys)
    assert load_keystore(path, PASSPHRASE) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert not [value for value in keys.values() if value.reveal().hex() in text]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_another_passphrase_or_a_changed_file_does_not_open(
    tmp_path: Path, keys: dict[Key, SecretBytes]
) -> None:
    path = tmp_path / "keystore.json"
    save_keystore(path, PASSPHRASE, keys)
    assert refused(path, SecretText("another")) == "KEYSTORE_PASSPHRASE"
    document = json.loads(path.read_text())
    flipped = f"{int(document['sealed'][:2], 16) ^ 1:02x}" + document["sealed"][2:]
    for change, code in (
        ({"sealed": flipped}, "KEYSTORE_PASSPHRASE"),
        ({"nonce": ""}, "KEYSTORE_PASSPHRASE"),
        ({"header": {**document["header"], "note": "added"}}, "KEYSTORE_PASSPHRASE"),
        ({"header": {**document["header"], "n": 2**30}}, "KEYSTORE_MALFORMED"),
        ({"header": {**document["header"], "format": "other"}}, "KEYSTORE_MALFORMED"),
        ({"header": {}}, "KEYSTORE_MALFORMED"),
    ):
        write_private(path, json.dumps({**document, **change}).encode())
        assert refused(path) == code


def test_a_key_that_is_not_what_its_check_value_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keystore.json"
    key = Key("k", 1, Usage.CVK, TDES, bytes(3))
    save_keystore(path, PASSPHRASE, {key: make(Usage.CVK, TDES)})
    assert refused(path) == "KEYSTORE_KCV"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keystore.json"
    save_keystore(path, PASSPHRASE, {})
    path.chmod(0o640)
    assert refused(path) == "FILE_EXPOSED"
    path.unlink()
    assert refused(path) == "FILE_MISSING"


def test_init_makes_keys_for_the_catalogues_issuers_and_never_replaces_them(tmp_path: Path) -> None:
    issuers = tmp_path / "catalogue" / "issuers"
    issuers.mkdir(parents=True)
    (issuers / "aurora-bank.yaml").write_text("name: aurora-bank\n")
    out = tmp_path / "keys"
    create(out, issuers_of(tmp_path / "catalogue"), ["site-1", "site-2"])
    passphrase = SecretText((out / "passphrase").read_text())
    labels = {key.key_id for key in load_keystore(out / "keystore.json", passphrase)}
    assert {
        "aurora-bank/IMK-AC#1",
        "aurora-bank/CVK#1",
        "aurora-bank/BADGE#1",
        "bureau/request#1",
        "chip/KMC#1",
        "digest/pan#1",
        "digest/dead-letter#1",
        "section/chip_keys#1",
        "sign/printing.site-2#1",
    } <= labels
    token = SecretText((out / "tokens" / "printing.site-2.token").read_text())
    assert Policy.load(out / "policy.json").authenticate(token).name == "printing.site-2"
    with pytest.raises(HsmError) as caught:
        create(out, [], [])
    assert caught.value.code == "KEYSTORE_EXISTS"
