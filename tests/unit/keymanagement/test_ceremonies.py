from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import assume
from hypothesis import given as property_of
from hypothesis import strategies as st

from cardwright.cipher import odd_parity
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module import __main__ as program
from services.keymanagement.module import keystore
from services.keymanagement.module.ceremony.approvals import approve
from services.keymanagement.module.ceremony.check import check_journal
from services.keymanagement.module.ceremony.components import COUNTS, combine, split
from services.keymanagement.module.ceremony.minutes import MINUTES_FOLDER
from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.inventory.journal import Journal
from services.keymanagement.module.inventory.lifecycle import State
from services.keymanagement.module.keys import AES_256, HMAC, TDES_112, TDES_168, Algorithm
from services.keymanagement.module.values import check_value
from tests.unit.keymanagement.ceremony_kit import CUSTODIANS, NEW, Bureau

# Components and check values as vendors' ceremony papers print them: two odd-parity parts.
PARTS = {
    "anna": SecretBytes(odd_parity(bytes(range(16)))),
    "boris": SecretBytes(odd_parity(bytes(range(100, 116)))),
    "clara": SecretBytes(odd_parity(bytes(range(200, 216)))),
}
ZMK = {**NEW, "label": "acme/ZMK", "usage": "zone-master", "algorithm": "TDES-112"}


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path / "keys")


def refused(bureau: Bureau, action: Action, **parameters: str) -> str:
    before = bureau.journal.head
    with pytest.raises(HsmError) as caught:
        bureau.do(action, **parameters)
    assert bureau.journal.head == before
    return caught.value.code


def test_a_generated_key_waits_for_its_activation(bureau: Bureau) -> None:
    made = bureau.do(Action.GENERATE, label="acme/CVK", usage="cvk", **NEW)
    assert bureau.state(made.key_id) is State.PRE_ACTIVATION
    bureau.do(Action.ACTIVATE, key=made.key_id)
    assert bureau.state(made.key_id) is State.ACTIVE
    record = bureau.journal.inventory.record(made.key_id)
    assert record.custodians == ("anna", "boris")
    assert record.terms.owner == "acme"


@pytest.mark.parametrize("told", [True, False])
def test_rotation_overlaps_until_its_day(bureau: Bureau, *, told: bool) -> None:
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    more = {"overlap_until": until} if told else {}
    bureau.do(Action.ROTATE, label="aurora-bank/CVK", **more)
    before = bureau.journal.inventory.record("aurora-bank/CVK#1")
    assert before.state_at(datetime.now(UTC)) is State.ACTIVE
    assert before.state_at(datetime.now(UTC) + timedelta(days=31)) is State.DEACTIVATED
    assert bureau.journal.inventory.newest("aurora-bank/CVK").version == 2


@pytest.mark.parametrize("end", [Action.COMPROMISE, Action.DESTROY, Action.DEACTIVATE])
def test_a_label_whose_only_key_ended_gets_another(bureau: Bureau, end: Action) -> None:
    bureau.do(end, key="aurora-bank/CVK#1")
    state = bureau.state("aurora-bank/CVK#1")
    made = bureau.do(Action.ROTATE, label="aurora-bank/CVK")
    assert bureau.journal.inventory.newest("aurora-bank/CVK").key_id == made.key_id
    assert bureau.state("aurora-bank/CVK#1") is state
    assert refused(bureau, Action.ROTATE, label="nobody/CVK") == "KEY_UNKNOWN"


@pytest.mark.parametrize("count", COUNTS)
def test_a_key_comes_from_components_and_leaves_in_others(bureau: Bureau, count: int) -> None:
    desk = bureau.desk
    desk.people, desk.entered = ["anna", "boris", "clara"], PARTS
    whole = combine(TDES_112, [PARTS[name] for name in desk.people[:count]])
    made = bureau.do(
        Action.IMPORT, **ZMK, components=str(count), kcv=check_value(TDES_112, whole).hex()
    )
    assert bureau.value(made.key_id) == whole
    assert [name for name, _ in desk.compared] == desk.people[:count]
    assert bureau.journal.inventory.record(made.key_id).holders == tuple(desk.people[:count])
    bureau.do(Action.EXPORT, key=made.key_id, components=str(count))
    assert combine(TDES_112, list(desk.handed.values())) == whole
    assert not [part for part in desk.handed.values() if part in PARTS.values()]
    intent, last = (entry.change for entry in bureau.journal.entries[-2:])
    assert (intent.kind.value, intent.holders) == ("exported", ())
    assert (last.kind.value, len(last.holders)) == ("exported", count)
    assert intent.minutes != last.minutes


def test_components_count_as_given_out_before_the_first_is_shown(bureau: Bureau) -> None:
    desk = bureau.desk
    desk.people, desk.entered = ["anna", "boris"], PARTS
    made = bureau.do(Action.IMPORT, **ZMK, components="2")
    desk.agree = False  # the first holder sees a component and finds it damaged
    with pytest.raises(HsmError, match="another check value"):
        bureau.do(Action.EXPORT, key=made.key_id, components="2")
    assert bureau.journal.entries[-1].change.kind.value == "exported"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"boris": SecretBytes(bytes(15))}, "COMPONENT_LENGTH"),
        ({"boris": SecretBytes(bytes(16))}, "COMPONENT_PARITY"),
        ({"boris": SecretBytes(odd_parity(bytes(16)))}, "COMPONENT_ZERO"),
        ({"boris": PARTS["anna"]}, "COMPONENT_EQUAL"),
        # Together they are a weak key: both halves 01 01 01 01 01 01 01 01.
        ({"boris": SecretBytes(odd_parity(bytes(b ^ 1 for b in range(16))))}, "COMPONENT_EQUAL"),
        ({"boris": SecretBytes(odd_parity(bytes(b ^ 0xFE for b in range(16))))}, "KEY_VALUE"),
    ],
)
def test_bad_components_make_no_key(
    bureau: Bureau, change: dict[str, SecretBytes], code: str
) -> None:
    bureau.desk.people, bureau.desk.entered = ["anna", "boris"], {**PARTS, **change}
    assert refused(bureau, Action.IMPORT, **ZMK, components="2") == code


def test_a_check_value_that_differs_stops_the_import(bureau: Bureau) -> None:
    bureau.desk.people, bureau.desk.entered = ["anna", "boris"], PARTS
    told = {**ZMK, "components": "2", "kcv": "000000"}
    assert refused(bureau, Action.IMPORT, **told) == "COMPONENT_KCV"
    bureau.desk.agree = False
    assert refused(bureau, Action.IMPORT, **ZMK, components="2") == "COMPONENT_REFUSED"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        (Action.IMPORT, {**ZMK, "components": "1"}, "COMPONENT_COUNT"),
        (Action.IMPORT, {**ZMK, "components": "four"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**ZMK, "usage": "thief"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**ZMK, "algorithm": "DES"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**ZMK, "algorithm": "P-256"}, "KEY_ALGORITHM"),
        (Action.GENERATE, {**ZMK, "label": "acme"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**ZMK, "label": "../../acme"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**ZMK, "environment": "both"}, "KEY_TERMS"),
        (Action.GENERATE, {**ZMK, "expiry": "2020"}, "PROPOSAL_PARAMETER"),
        (Action.GENERATE, {**NEW, "label": "aurora-bank/CVK", "usage": "pvk"}, "KEY_USAGE"),
        (
            Action.GENERATE,
            {"label": "aurora-bank/CVK", "usage": "cvk", "environment": "live", "owner": "acme"},
            "KEY_ENVIRONMENT",
        ),
        (Action.SUSPEND, {"key": "nobody/CVK#1"}, "KEY_UNKNOWN"),
        (Action.ACTIVATE, {"key": "aurora-bank/CVK#1"}, "KEY_TRANSITION"),
        (Action.EXPORT, {"key": "sign/module#1", "components": "2"}, "KEY_NOT_EXPORTABLE"),
        (Action.WRAP, {"key": "aurora-bank/CVK#1", "kbpk": "aurora-bank/ZMK"}, "KEY_USAGE"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    bureau: Bureau, action: Action, parameters: dict[str, str], code: str
) -> None:
    bureau.desk.people, bureau.desk.entered = ["anna", "boris"], PARTS
    assert refused(bureau, action, **parameters) == code


@property_of(st.binary(min_size=16, max_size=16), st.sampled_from(COUNTS))
def test_components_always_make_their_key_again(octets: bytes, count: int) -> None:
    assume(any(octet & 0xFE for octet in octets))  # such a key is weak, and never held
    value = SecretBytes(odd_parity(octets))
    parts = split(TDES_112, value, count)
    assert combine(TDES_112, parts) == value
    assert all(part.reveal() == odd_parity(part.reveal()) for part in parts)


@pytest.mark.parametrize(
    ("algorithm", "length"), [(AES_256, 32), (TDES_168, 24), (Algorithm.parse("AES-192"), 24)]
)
def test_components_of_other_lengths(algorithm: Algorithm, length: int) -> None:
    value = SecretBytes(odd_parity(bytes(range(length))))
    assert combine(algorithm, split(algorithm, value, 3)) == value
    with pytest.raises(HsmError) as caught:
        split(HMAC, value, 2)
    assert caught.value.code == "COMPONENT_ALGORITHM"


def test_minutes_tell_who_and_what_and_no_value(bureau: Bureau) -> None:
    bureau.desk.people, bureau.desk.entered = ["anna", "boris"], PARTS
    made = bureau.do(Action.IMPORT, **ZMK, components="2", activate="yes")
    text, _, signature = (
        (bureau.folder / MINUTES_FOLDER / made.minutes.hex()).read_bytes().partition(b"\t")
    )
    assert sha256(text).digest() == made.minutes
    assert len(bytes.fromhex(signature.decode())) == 64
    told = json.loads(text)
    assert told["kcv"] == bureau.key(made.key_id).kcv.hex().upper()
    assert [each["custodian"] for each in told["approvals"]] == ["anna", "boris"]
    assert [each["holder"] for each in told["components"]] == ["anna", "boris"]
    for secret in (*PARTS.values(), bureau.value(made.key_id)):
        assert secret.reveal().hex() not in text.decode().lower()
        assert secret.reveal().hex() not in (bureau.folder / "journal").read_text().lower()
    checked = check_journal(bureau.folder, Journal(bureau.folder / "journal"))
    assert checked.ceremonies == 1


def test_minutes_that_were_changed_or_lost_are_told(bureau: Bureau) -> None:
    made = bureau.do(Action.ROTATE, label="aurora-bank/CVK")
    path = bureau.folder / MINUTES_FOLDER / made.minutes.hex()
    whole = path.read_bytes()
    for content, code in (
        (whole.replace(b'"boris"', b'"clara"'), "MINUTES_BROKEN"),
        (whole.replace(b"\t", b" "), "MINUTES_BROKEN"),
        (None, "FILE_MISSING"),
    ):
        path.unlink()
        if content is not None:
            path.touch(mode=0o600)
            path.write_bytes(content)
        with pytest.raises(HsmError) as caught:
            check_journal(bureau.folder, Journal(bureau.folder / "journal"))
        assert caught.value.code == code
        path.touch(mode=0o600)


def test_a_custodian_is_enrolled_by_the_others(bureau: Bureau) -> None:
    clara = CUSTODIANS["clara"]
    bureau.do(Action.SUSPEND, key="custodian/clara#1")
    bureau.do(Action.ENROL, custodian="clara", public=clara.public.hex(), **NEW)
    octets = bureau.propose(Action.QUORUM, quorum="3")
    bureau.run(octets, [approve(octets, CUSTODIANS[name]) for name in ("anna", "clara")])
    assert bureau.journal.inventory.quorum == 3
    assert refused(bureau, Action.ROTATE, label="aurora-bank/CVK") == "APPROVALS_TOO_FEW"


class Typed:
    """The console as people type at it, with the test custodians' passphrases."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._start = [
            *("console", f"--keys={folder}", f"--passphrases={folder / 'custodians'}"),
        ]

    def __call__(self, *words: str, status: int = 0) -> list[dict[str, object]]:
        self._capsys.readouterr()
        assert program.main([*self._start, *words, "--json"]) == status
        return [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]


def test_the_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keystore, "_COST", {"n": 2**8, "r": 8, "p": 1})
    folder = tmp_path / "keys"
    assert program.main(["init", f"--out={folder}", "--issuer=aurora-bank"]) == 0
    typed = Typed(folder, capsys)
    (proposed,) = typed("rotate", "bureau/request", "--at-once", "--by=anna", "--reason=yearly")
    assert proposed["approvals"] == ["anna"]
    ceremony = str(proposed["ceremony"])
    assert [each["ceremony"] for each in typed("ceremonies")] == [ceremony]
    typed("approve", ceremony, "--by=anna")
    (done,) = typed("approve", ceremony, "--by=boris")
    assert (done["key"], done["state"]) == ("bureau/request#2", "active")
    assert typed("ceremonies") == []
    typed("approve", ceremony, "--by=clara", status=1)
    assert "PROPOSAL_EXECUTED" not in capsys.readouterr().out

    states = {each["key"]: each["state"] for each in typed("list")}
    assert states["bureau/request#1"] == "deactivated"
    (shown,) = typed("show", "bureau/request#2")
    assert [each["change"] for each in shown["history"]] == ["generated", "activated"]  # type: ignore[attr-defined]  # a list
    (told,) = typed("minutes", str(done["minutes"])[:12])
    assert told["reason"] == "yearly"

    both = ("--by=anna", "--by=boris")
    parts = {name: folder / f"{name}.component" for name in ("boris", "clara")}
    files = [f"--component={name}={path}" for name, path in parts.items()]
    typed("export", "aurora-bank/CVK#1", *both, *files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in parts.values()} == {0o600}
    new = ("--environment=test", "--owner=acme")
    (came,) = typed("import", "acme/CVK", "--usage=cvk", *new, *both, *files)
    kcvs = {each["key"]: each["kcv"] for each in typed("list")}
    assert kcvs[came["key"]] == kcvs["aurora-bank/CVK#1"]
    (wrapped,) = typed("wrap", "acme/CVK#1", "--kbpk=bureau/KBPK", "--exportability=S", *both)
    block = str(wrapped["key_block"])
    assert block.startswith("D")
    (taken,) = typed("unwrap", "acme/CVK", "--kbpk=bureau/KBPK", f"--block={block}", *new, *both)
    assert (taken["key"], taken["kcv"]) == ("acme/CVK#2", came["kcv"])
    (verified,) = typed("verify")
    # Of the export there are two: before its components were shown, and after.
    assert verified["ceremonies"] == 6
    assert program.main(["console", f"--keys={folder}", "list"]) == 0
    assert "aurora-bank/IMK-AC#1" in capsys.readouterr().out
