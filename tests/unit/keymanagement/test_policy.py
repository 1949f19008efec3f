from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cardwright.hsm.port import (
    Agreement,
    CardValuesItem,
    ChipAnswers,
    ChipToPersonalize,
    HsmError,
    WrappedDataKey,
)
from cardwright.secret import SecretBytes, SecretText
from cardwright.vault.sealing import parse_sealed
from services.keymanagement.module.policy import GRANTS, Caller, Policy, save_policy
from services.keymanagement.module.provision import SECTIONS
from services.keymanagement.module.verbs.all import Verbs
from tests.unit.keymanagement.module_kit import EMV_MASTERS, ISSUER, PAN, Kit, caller

# Who may do what, told a second time, so that a slip in the table of grants shows.
READERS = {
    "request": {"dataprep"},
    "print": {"printing"},
    "stripe": {"encoding"},
    "chip": {"encoding", "export"},
    "keys": set(),
    "chip_keys": set(),
    "certificates": {"encoding"},
    "inspection": {"qa"},
    "pin": {"pinmailer"},
    "mailer": {"pinmailer"},
    "card_pin": set(),
    "pair": set(),
    "dead-letter": {"operator"},
}
USERS: dict[str, set[str]] = {
    "agree": {"request"},
    "digest": {"request", "dataprep"},
    "card_values": {"dataprep"},
    "derive_card_keys": {"keymanagement"},
    "personalize": {"encoding"},
    "check_personalization": {"encoding"},
    "check_badges": {"encoding"},
    "prepare_pins": {"dataprep"},
    "translate_pins": {"dataprep"},
    "authorize": {"qa", "operator"},
    "journal": {"keymanagement"},
    "pools": {"keymanagement"},
    "sign": set(GRANTS),
    "public_keys": set(GRANTS),
}
CHIP = ChipToPersonalize("card", "chip/KMC", bytes(8), bytes(29), b"")
CARD = CardValuesItem(f"{ISSUER}/CVK", SecretText(PAN), "3012", "201")
CALLS: dict[str, Callable[[Verbs, Caller], object]] = {
    "agree": lambda verbs, who: verbs.agree(who, [Agreement("bureau/request#1", b"")]),
    "digest": lambda verbs, who: verbs.digest(who, "digest/pan", [SecretBytes(b"x")]),
    "card_values": lambda verbs, who: verbs.card_values(who, [CARD]),
    "derive_card_keys": lambda verbs, who: verbs.derive_card_keys(who, []),
    "personalize": lambda verbs, who: verbs.personalize(who, [CHIP]),
    "check_personalization": lambda verbs, who: verbs.check_personalization(
        who, [ChipAnswers(CHIP, ())]
    ),
    "check_badges": lambda verbs, who: verbs.check_badges(who, []),
    "prepare_pins": lambda verbs, who: verbs.prepare_pins(who, []),
    "translate_pins": lambda verbs, who: verbs.translate_pins(who, []),
    "authorize": lambda verbs, who: verbs.authorize(who, []),
    "journal": lambda verbs, who: verbs.journal(who, 0, 1),
    "pools": lambda verbs, who: verbs.pools(who),
    "export_personalization": lambda verbs, who: verbs.export_personalization(
        who, "partner-bureau/KEK", []
    ),
    "sign": lambda verbs, who: verbs.sign(who, [b"payload"]),
    "public_keys": lambda verbs, who: verbs.public_keys(who, ""),
}


@pytest.mark.parametrize("role", GRANTS)
@pytest.mark.parametrize("verb", USERS)
def test_a_verb_is_for_its_users_alone(kit: Kit, role: str, verb: str) -> None:
    def call() -> object:
        return CALLS[verb](kit.verbs, caller(role))

    if role in USERS[verb]:
        call()
        return
    with pytest.raises(HsmError) as caught:
        call()
    assert caught.value.code == "HSM_DENIED"


@pytest.mark.parametrize("role", GRANTS)
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_for_its_readers_alone(kit: Kit, role: str, section: str) -> None:
    if role in READERS[section]:
        kit.verbs.unwrap_data_keys(caller(role), section, [])
        return
    with pytest.raises(HsmError) as caught:
        kit.verbs.unwrap_data_keys(caller(role), section, [])
    assert caught.value.code == "HSM_DENIED"


def test_a_section_of_ones_own_is_no_way_into_another(kit: Kit) -> None:
    sealed = kit.sealer.seal_batch("chip", {"card": b"secret"})["card"]
    blob = parse_sealed(sealed)
    for key_id in ("section/chip#1", "section/print#1"):
        item = WrappedDataKey("card", key_id, blob.ephemeral, blob.wrapped_key)
        assert kit.verbs.unwrap_data_keys(caller("printing"), "print", [item]) == [None]


def test_what_data_preparation_wrote_it_cannot_reopen(kit: Kit) -> None:
    for section in ("print", "stripe", "chip", "keys", "inspection"):
        with pytest.raises(HsmError) as caught:
            kit.verbs.unwrap_data_keys(caller("dataprep"), section, [])
        assert caught.value.code == "HSM_DENIED"


@pytest.mark.parametrize(
    ("verb", "name"),
    [("agree", "section/print#1"), ("digest", "sign/request.site-1"), ("agree", "bureau/requests")],
)
def test_a_granted_verb_takes_granted_keys_alone(verb: str, name: str) -> None:
    with pytest.raises(HsmError) as caught:
        caller("request").require_key(verb, name)
    assert caught.value.code == "HSM_DENIED"


def test_masters_that_the_role_may_not_derive_with_are_refused(kit: Kit) -> None:
    items = kit.recipes(["card"], {**EMV_MASTERS, "MK-AC": f"{ISSUER}/CVK"})
    (refused,) = kit.verbs.derive_card_keys(caller("keymanagement"), items)
    assert isinstance(refused, HsmError)
    assert refused.code == "HSM_DENIED"


def test_policy_file_knows_digests_alone(tmp_path: Path) -> None:
    token = SecretText("0f" * 32)
    path = tmp_path / "policy.json"
    save_policy(path, {"printing.site-1": (token, "printing")})
    assert token.reveal() not in path.read_text()
    found = Policy.load(path).authenticate(token)
    assert (found.name, found.grant) == ("printing.site-1", GRANTS["printing"])
    for wrong in ("", "0f" * 31, "0F" * 32):
        with pytest.raises(HsmError) as caught:
            Policy.load(path).authenticate(SecretText(wrong))
        assert caught.value.code == "HSM_TOKEN"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "POLICY_MALFORMED"),
        ("[]", "POLICY_MALFORMED"),
        ('{"tokens": [{}]}', "POLICY_MALFORMED"),
        (
            json.dumps({"tokens": [{"sha256": "", "name": "x", "role": "root"}]}),
            "POLICY_ROLE",
        ),
    ],
)
def test_a_broken_policy_file_is_refused(tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(HsmError) as caught:
        Policy.load(path)
    assert caught.value.code == code
