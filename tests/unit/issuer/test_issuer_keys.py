from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardwright.issuer.__main__ import app
from cardwright.issuer.errors import IssuerKeyError, RegistrationError
from cardwright.issuer.keys import create_keys, load_key
from cardwright.issuer.registration import (
    IssuerRegistration,
    load_issuer_keys,
    load_registration,
)

REGISTRATION = IssuerRegistration(
    name="aurora-bank", title="A", keys="aurora-bank.jwks.json", products=frozenset({"emv-debit"})
)


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = create_keys("aurora-bank", tmp_path / "new")
    for private in (files.signing, files.decryption):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert load_key(private).is_private


def test_the_public_set_holds_no_private_part(tmp_path: Path) -> None:
    files = create_keys("aurora-bank", tmp_path)
    keys = load_issuer_keys(REGISTRATION, tmp_path)
    assert [(key.kid, key.get("use")) for key in keys] == [
        ("aurora-bank/sign#1", "sig"),
        ("aurora-bank/open#1", "enc"),
    ]
    assert '"d"' not in files.public.read_text()


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    create_keys("aurora-bank", tmp_path)
    with pytest.raises(IssuerKeyError) as caught:
        create_keys("aurora-bank", tmp_path)
    assert caught.value.code == "KEY_EXISTS"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"kty":"EC","crv":"P-256"}', "null"])
def test_a_file_that_is_no_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(IssuerKeyError) as caught:
        load_key(path)
    assert caught.value.code == "KEY_FILE"


def test_a_private_key_in_the_registered_set_is_refused(tmp_path: Path) -> None:
    files = create_keys("aurora-bank", tmp_path)
    private = json.loads(files.signing.read_text())
    files.public.write_text(json.dumps({"keys": [private]}))
    with pytest.raises(RegistrationError, match="private key") as caught:
        load_issuer_keys(REGISTRATION, tmp_path)
    assert private["d"] not in str(caught.value)


@pytest.mark.parametrize("content", ["{}", '{"keys": 1}', '{"keys": []}', "nonsense"])
def test_a_set_without_both_uses_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / REGISTRATION.keys).write_text(content)
    with pytest.raises(RegistrationError) as caught:
        load_issuer_keys(REGISTRATION, tmp_path)
    assert caught.value.code == "REGISTRATION_KEYS"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("name: [", "REGISTRATION_FORMAT"),
        ("name: aurora-bank", "REGISTRATION_FORMAT"),
        ("{name: other, title: A, keys: a.jwks.json, products: []}", "REGISTRATION_FORMAT"),
        (None, "REGISTRATION_MISSING"),
    ],
)
def test_a_registration_that_is_not_one(tmp_path: Path, content: str | None, code: str) -> None:
    path = tmp_path / "aurora-bank.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RegistrationError) as caught:
        load_registration(path)
    assert caught.value.code == code


@pytest.mark.parametrize("path", sorted(Path("catalogue/issuers").glob("*.yaml")), ids=str)
def test_registered_issuers_read(path: Path) -> None:
    assert load_registration(path).products


def test_init_says_which_file_goes_where(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["init", "--issuer", "aurora-bank", "--out", str(tmp_path)])
    assert run.exit_code == 0
    assert run.output.count("private, keep") == 2
    again = CliRunner().invoke(app, ["init", "--issuer", "aurora-bank", "--out", str(tmp_path)])
    assert again.exit_code == 1
    assert "KEY_EXISTS" in again.output


def test_check_stops_an_account_number_used_as_id() -> None:
    run = CliRunner().invoke(app, ["check", "examples/aurora-bank/requests.ndjson"])
    assert run.exit_code == 1
    assert "line 31: REQUEST_ID_IS_PAN" in run.output
    assert "30 can be sent, 1 can't" in run.output
