"""Certificates at the console, as people type it; what comes out is checked by other programs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID
from nacl.signing import SigningKey

from cardwright.terminal import load_ca_keys
from cardwright.terminal.certificates import CardCertificate, recover_issuer_key
from services.keymanagement.module import keystore
from services.keymanagement.module.__main__ import main
from services.keymanagement.module.certificates.identities import Identity, issue_identity
from services.keymanagement.module.certificates.store import CAPK_FILE, CertificateStore
from services.keymanagement.module.provision import create
from tests.unit.keymanagement.card_bench import CATALOGUE
from tests.unit.keymanagement.module_kit import ISSUER

KEY = f"{ISSUER}/ISSUER-RSA#1"
Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
        made = tmp_path_factory.mktemp("keys")
        create(made, [ISSUER], ["site-1"], catalogue=CATALOGUE)
    return made


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def typed(*words: object) -> list[dict[str, Any]]:
        capsys.readouterr()
        status = main(["console", "--keys", str(folder), *map(str, words), "--json"])
        told = capsys.readouterr()
        assert status == 0, told.err
        return [json.loads(line) for line in told.out.splitlines()]

    return typed


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert main(["console", "--keys", str(folder), *map(str, words)]) == 1
    return capsys.readouterr().err.partition(":")[0]


def requested(run: Run, out: Path, index: int = 2) -> Path:
    asked = ("--identifier", "999999", "--index", index, "--expiry", "2034-06", "--out", out)
    (made,) = run("certificate-request", KEY, *asked)
    return Path(made["request"])


def test_the_set_up_certifies_issuers_for_terminals_that_trust_its_list(folder: Path) -> None:
    store = CertificateStore(folder)
    (installed,) = store.installed()
    answer = store.read(installed)
    (ca,) = (
        key
        for key in load_ca_keys((folder / CAPK_FILE).read_text())
        if key.index == installed.authority_index
    )
    parts = answer.certificate
    read = CardCertificate(parts.certificate, parts.remainder, parts.exponent)
    key = recover_issuer_key(ca, read, "9999990000000007", dt.date(2030, 1, 1))
    assert key.modulus == answer.issuer.key.modulus


def test_a_request_is_answered_and_the_answer_installed(run: Run, tmp_path: Path) -> None:
    path = requested(run, tmp_path)
    assert (path.name, path.with_suffix(".hip").exists()) == ("999999-000002.sip", True)
    (answer,) = run("certificate-issue", path, "--authority", "06", "--out", tmp_path)
    (done,) = run("certificate-install", KEY, answer["answer"])
    assert (done["key"], done["issuer"], done["expiry"]) == (KEY, "999999", "2034-06")
    assert done["serial"] == 2
    listed = {row["authority"]: row for row in run("certificates")}
    assert listed["06"]["expiry"] == "2034-06"
    assert listed.keys() == {"05", "06"}


def test_what_is_no_answer_for_the_key_is_refused(
    run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = requested(run, tmp_path, index=3)
    (answer,) = run("certificate-issue", path, "--out", tmp_path)
    file = Path(answer["answer"])
    changed = file.with_name("changed.c05")
    changed.write_bytes(file.read_bytes()[:-1] + b"\0")
    other = file.with_suffix(".c04")
    other.write_bytes(file.read_bytes())
    for words, code in (
        ((KEY, changed), "SIGNATURE_FORMAT"),
        ((KEY, other), "CAPK_INDEX"),
        ((KEY, file, "--rid", "A000000003"), "CAPK_UNKNOWN"),
        ((KEY, file.with_suffix(".der")), "ANSWER_FORMAT"),
        ((KEY, tmp_path / "none.c05"), "FILE_MISSING"),
        (("authority/05#1", file), "KEY_MISMATCH"),
        (("nobody/ISSUER-RSA#1", file), "KEY_UNKNOWN"),
    ):
        assert refused(folder, capsys, "certificate-install", *words) == code


def test_only_issuers_keys_are_certified_and_for_months_to_come(
    run: Run, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--identifier", "999999", "--index", 4, "--out", tmp_path)
    words = ("certificate-request", "authority/05#1", *options, "--expiry", "2034-06")
    assert refused(folder, capsys, *words) == "KEY_USAGE"
    run("certificate-request", KEY, *options, "--expiry", "2020-01")
    over = tmp_path / "999999-000004.sip"
    assert refused(folder, capsys, "certificate-issue", over) == "CERTIFICATE_EXPIRED"
    run("certificate-request", KEY, *options, "--expiry", "2099-01")
    assert refused(folder, capsys, "certificate-issue", over) == "CERTIFICATE_EXPIRY"


def test_a_list_of_authority_keys_is_added_to_ours(run: Run, folder: Path, tmp_path: Path) -> None:
    ours = json.loads((folder / CAPK_FILE).read_text())
    assert [row["index"] for row in run("capk")] == ["01", "02", "03", "04", "05", "06"]
    (tmp_path / "more.json").write_text(json.dumps({**ours, "keys": ours["keys"][:2]}))
    assert len(run("capk", "--trust", tmp_path / "more.json")) == 6


def test_the_pool_is_shown(run: Run) -> None:
    (pool,) = run("pool")
    assert (pool["bits"], pool["exponent"], pool["ready"], pool["used"]) == (1152, 3, 0, 0)


def test_services_identities_verify_by_their_authority(run: Run, tmp_path: Path) -> None:
    written = {row["key"]: Path(row["certificate"]) for row in run("identities", "--out", tmp_path)}
    authority = x509.load_pem_x509_certificate(
        written.pop("bureau/identity-authority#1").read_bytes()
    )
    authority.verify_directly_issued_by(authority)
    printing = x509.load_pem_x509_certificate(written["sign/printing.site-1#1"].read_bytes())
    (name,) = printing.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "printing.site-1"
    for path in written.values():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(authority)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert not constraints.value.ca
        assert isinstance(certificate.public_key(), Ed25519PublicKey)


@pytest.mark.parametrize("year", [2049, 2050, 2120])
def test_times_are_coded_as_rfc_5280_has_them(year: int) -> None:
    key = SigningKey.generate()
    public = bytes(key.verify_key)
    ends = dt.datetime(year, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    identity = Identity("x", public, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), ends)
    made = issue_identity(identity, public, lambda octets: key.sign(octets).signature)
    assert made.not_valid_after_utc == ends
    assert made.serial_number.bit_length() <= 127
