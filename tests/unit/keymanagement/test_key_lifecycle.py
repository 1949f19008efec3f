from __future__ import annotations

import json
from pathlib import Path

import pytest

from cardwright.hsm.port import HsmError
from services.keymanagement.module import __main__ as program
from services.keymanagement.module import keystore
from services.keymanagement.module.lifecycle import rotated, without
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.verbs import Verbs
from tests.unit.keymanagement.module_kit import Kit, caller


def test_a_rotated_section_opens_old_and_new_until_the_old_is_destroyed(kit: Kit) -> None:
    keys, key = rotated(kit.keys, "section/print")
    assert key.key_id == "section/print#2"
    verbs = Verbs(SoftwareBackend(keys))
    published = {each.key_id for each in verbs.public_keys(caller("dataprep"), "section/print")}
    assert published == {"section/print#1", "section/print#2"}
    left = without(keys, "section/print#1")
    verbs = Verbs(SoftwareBackend(left))
    (public,) = verbs.public_keys(caller("dataprep"), "section/print")
    assert public.key_id == "section/print#2"


@pytest.mark.parametrize(
    ("key_id", "code"),
    [
        ("bureau/request#1", "KEY_IN_USE"),
        ("bureau/request#2", "KEY_UNKNOWN"),
        ("bureau/request", "KEY_UNKNOWN"),
    ],
)
def test_the_newest_version_stays(kit: Kit, key_id: str, code: str) -> None:
    with pytest.raises(HsmError) as caught:
        without(kit.keys, key_id)
    assert caught.value.code == code


def test_what_is_not_there_does_not_rotate(kit: Kit) -> None:
    with pytest.raises(HsmError) as caught:
        rotated(kit.keys, "bureau/nothing")
    assert caught.value.code == "KEY_UNKNOWN"


def test_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
    where = f"--keys={tmp_path}"
    assert program.main(["init", f"--out={tmp_path}", "--issuer=aurora-bank"]) == 0
    assert program.main(["rotate", where, "--label=bureau/request"]) == 0
    assert program.main(["destroy", where, "--key=bureau/request#1"]) == 0
    assert program.main(["destroy", where, "--key=bureau/request#2"]) == 1
    capsys.readouterr()
    assert program.main(["list", where]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["usage"] for each in listed if each["key"] == "bureau/request#2"] == ["request"]
    assert "bureau/request#1" not in {each["key"] for each in listed}
    assert {len(each["kcv"]) for each in listed} == {6}
