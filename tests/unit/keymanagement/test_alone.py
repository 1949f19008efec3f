"""One person tries everything alone, and nothing comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from cardwright.cipher import odd_parity
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.approvals import Given, approve
from services.keymanagement.module.ceremony.check import check_journal
from services.keymanagement.module.ceremony.custodians import Custodian
from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.inventory.journal import Journal
from tests.unit.keymanagement.ceremony_kit import CUSTODIANS, NEW, Bureau

ANNA = CUSTODIANS["anna"]
TDES = {**NEW, "label": "acme/ZMK", "usage": "zone-master", "algorithm": "TDES-112"}
# Everything that can be proposed, with what it needs.
PROPOSALS: dict[Action, dict[str, str]] = {
    Action.GENERATE: {**NEW, "label": "acme/CVK", "usage": "cvk"},
    Action.IMPORT: {**TDES, "components": "2"},
    Action.UNWRAP: {**NEW, "label": "acme/CVK", "kbpk": "bureau/KBPK", "block": "D0"},
    Action.EXPORT: {"key": "aurora-bank/CVK#1", "components": "2"},
    Action.WRAP: {"key": "aurora-bank/CVK#1", "kbpk": "bureau/KBPK"},
    Action.ROTATE: {"label": "aurora-bank/CVK"},
    Action.ACTIVATE: {"key": "aurora-bank/CVK#1"},
    Action.SUSPEND: {"key": "aurora-bank/CVK#1"},
    Action.DEACTIVATE: {"key": "aurora-bank/CVK#1"},
    Action.COMPROMISE: {"key": "aurora-bank/CVK#1"},
    Action.DESTROY: {"key": "aurora-bank/CVK#1"},
    Action.LIMIT: {"key": "aurora-bank/CVK#1", "limit": "5"},
    Action.ENROL: {**NEW, "custodian": "anna-again", "public": "00" * 32},
    Action.QUORUM: {"quorum": "1"},
}


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path / "keys")


def refused(bureau: Bureau, octets: bytes, given: list[Given]) -> str:
    before, keys = bureau.journal.head, set(bureau.store.keys())
    with pytest.raises(HsmError) as caught:
        bureau.run(octets, given)
    assert Journal(bureau.folder / "journal").head == before
    assert set(bureau.store.keys()) == keys
    return caught.value.code


@pytest.mark.parametrize("action", Action)
def test_one_persons_approval_is_not_enough(bureau: Bureau, action: Action) -> None:
    octets = bureau.propose(action, **PROPOSALS[action])
    assert refused(bureau, octets, []) == "APPROVALS_TOO_FEW"
    assert refused(bureau, octets, [approve(octets, ANNA)]) == "APPROVALS_TOO_FEW"
    assert refused(bureau, octets, [approve(octets, ANNA)] * 3) == "APPROVALS_TOO_FEW"


def test_one_person_with_two_keys_is_one_person(bureau: Bureau) -> None:
    """Their key was rotated: both versions are theirs, and approve once."""
    second = Custodian("anna", SigningKey(b"9" * 32))
    bureau.do(Action.ENROL, custodian="anna", public=second.public.hex(), **NEW)
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    given = [approve(octets, ANNA), approve(octets, second)]
    assert refused(bureau, octets, given) == "APPROVALS_TOO_FEW"


def test_an_approval_is_not_used_again(bureau: Bureau) -> None:
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    bureau.run(octets, given)
    assert refused(bureau, octets, given) == "PROPOSAL_EXECUTED"
    other = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    assert refused(bureau, other, [approve(other, ANNA), given[1]]) == "APPROVAL_INVALID"


def _forged(octets: bytes) -> Given:
    return Given("boris", ANNA.sign(octets))


def _by_nobody(octets: bytes) -> Given:
    return approve(octets, Custodian("dora", SigningKey(bytes(32))))


def _garbage(_: bytes) -> Given:
    return Given("boris", b"x")


def _renamed(octets: bytes) -> Given:
    return Given("boris", approve(octets, ANNA).signature)


@pytest.mark.parametrize("forge", [_forged, _by_nobody, _garbage, _renamed])
def test_forged_approvals_are_told(bureau: Bureau, forge: Callable[[bytes], Given]) -> None:
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    assert refused(bureau, octets, [approve(octets, ANNA), forge(octets)]) == "APPROVAL_INVALID"


def test_a_name_leads_nowhere_else(bureau: Bureau) -> None:
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    assert refused(bureau, octets, [Given("../boris", b"")]) == "CUSTODIAN_NAME"


def test_what_was_approved_is_not_altered(bureau: Bureau) -> None:
    octets = bureau.propose(Action.SUSPEND, key="aurora-bank/CVK#1")
    boris = approve(octets, CUSTODIANS["boris"])
    altered = octets.replace(b"CVK#1", b"PVK#1")
    assert refused(bureau, altered, [approve(altered, ANNA), boris]) == "APPROVAL_INVALID"


def test_a_proposal_of_another_module_is_foreign(bureau: Bureau, tmp_path: Path) -> None:
    octets = Bureau(tmp_path / "other").propose(Action.ROTATE, label="aurora-bank/CVK")
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == "PROPOSAL_FOREIGN"


def test_a_proposal_expires(bureau: Bureau) -> None:
    document = json.loads(bureau.propose(Action.ROTATE, label="aurora-bank/CVK"))
    document["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    octets = json.dumps(document).encode()
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == "PROPOSAL_EXPIRED"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"action": "steal"},
        {"extra": "field"},
        {"parameters": {"key": 1}},
        {"parameters": []},
        {"expires": "soon"},
        {"expires": "2099-01-01T00:00:00"},
        {"nonce": "not hexadecimal"},
    ],
)
def test_what_is_no_proposal_is_refused(bureau: Bureau, change: dict[str, object]) -> None:
    document = json.loads(bureau.propose(Action.ROTATE, label="aurora-bank/CVK"))
    octets = json.dumps({**document, **change}).encode()
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == "PROPOSAL_MALFORMED"


def test_nobody_holds_two_components(bureau: Bureau) -> None:
    bureau.desk.people = ["anna", "anna"]
    bureau.desk.entered = {"anna": SecretBytes(odd_parity(b"0123456789abcdef"))}
    for action in (Action.IMPORT, Action.EXPORT):
        octets = bureau.propose(action, **PROPOSALS[action])
        given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
        assert refused(bureau, octets, given) == "COMPONENT_HOLDER"


def test_a_component_holder_is_a_custodian(bureau: Bureau) -> None:
    bureau.do(Action.SUSPEND, by=("anna", "clara"), key="custodian/boris#1")
    bureau.desk.people = ["anna", "boris"]
    octets = bureau.propose(Action.EXPORT, **PROPOSALS[Action.EXPORT])
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "clara")]
    assert refused(bureau, octets, given) == "COMPONENT_HOLDER"


def test_a_suspended_custodian_approves_nothing(bureau: Bureau) -> None:
    bureau.do(Action.SUSPEND, by=("anna", "clara"), key="custodian/boris#1")
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == "APPROVAL_INVALID"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        (Action.QUORUM, {"quorum": "1"}, "KEY_TERMS"),
        (Action.QUORUM, {"quorum": "4"}, "CUSTODIANS_TOO_FEW"),
        (Action.ROTATE, {"label": "custodian/anna"}, "PROPOSAL_PARAMETER"),
    ],
)
def test_even_together_dual_control_is_not_given_up(
    bureau: Bureau, action: Action, parameters: dict[str, str], code: str
) -> None:
    octets = bureau.propose(action, **parameters)
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == code


def test_a_quorum_of_custodians_stays(bureau: Bureau) -> None:
    bureau.do(Action.DESTROY, key="custodian/clara#1")
    octets = bureau.propose(Action.SUSPEND, key="custodian/boris#1")
    given = [approve(octets, CUSTODIANS[name]) for name in ("anna", "boris")]
    assert refused(bureau, octets, given) == "CUSTODIANS_TOO_FEW"


def test_a_journal_with_an_entry_that_lacked_approvals_is_told(bureau: Bureau) -> None:
    """Somebody has the module's key and writes minutes of their own: an auditor sees it."""
    bureau.journal.inventory.quorum = 1
    octets = bureau.propose(Action.ROTATE, label="aurora-bank/CVK")
    bureau.run(octets, [approve(octets, ANNA)])
    with pytest.raises(HsmError) as caught:
        check_journal(bureau.folder, Journal(bureau.folder / "journal"))
    assert caught.value.code == "APPROVALS_TOO_FEW"
