from __future__ import annotations

from typing import Any

import pytest

from cardwright.emv.lint import Severity
from cardwright.emv.lint_card import CardApplication, CardDesign, lint_card
from cardwright.iso.tracks import ServiceCode
from tests.unit.emv.profile_kit import profile

AID = bytes.fromhex("F0434152445701")
KEYS = frozenset({"MK-AC", "MK-SMI", "MK-SMC"})
SIGNATURE = {"contact.cvm": {"rules": [{"method": "signature", "condition": "always"}]}}
GOODS = {"usage_control": ["domestic_goods", "international_goods", "other_terminals"]}
NO_AUTHENTICATION = {
    "authentication": None,
    "contact.aip": ["cardholder_verification", "terminal_risk_management"],
    "contactless": None,
    "contact.cvm": {"rules": [{"method": "plaintext_pin", "condition": "supported"}]},
}


def application(changes: dict[str, Any] | None = None, **own: Any) -> CardApplication:
    fields: dict[str, Any] = {
        "aid": AID,
        "keys": KEYS,
        "derivation": "A",
        "issuer_key": True,
        "pin": True,
    }
    return CardApplication(profile=profile(changes), **(fields | own))


def card(*applications: CardApplication, **own: Any) -> CardDesign:
    fields: dict[str, Any] = {"pse": True, "ppse": True, "service_code": ServiceCode("201")}
    return CardDesign(applications, **(fields | own))


def findings(design: CardDesign, severity: Severity = Severity.ERROR) -> set[tuple[str, str]]:
    return {(f.code, f.where) for f in lint_card(design) if f.severity is severity}


def test_a_sound_card_has_no_findings() -> None:
    assert lint_card(card(application())) == []


def test_two_applications_with_names_and_priorities_of_their_own() -> None:
    second = application({"priority": 2}, aid=AID + b"\x02")
    assert lint_card(card(application(aid=AID + b"\x01"), second)) == []


def test_a_finding_of_a_profile_says_which() -> None:
    found = findings(card(application({"authentication.ddol": ["9A"]})))
    assert found == {("DDOL_LACKS", "test-cda/v1: authentication.ddol")}


OF_PROFILE = "test-cda/v1: "


@pytest.mark.parametrize(
    ("design", "code", "where"),
    [
        (card(application(), application({"priority": 2}, aid=AID + b"\x01")), "AID_AMBIGUOUS",
         "chip.applications"),
        (card(application(), ppse=False), "CONTACTLESS_WITHOUT_PPSE", "chip.directories"),
        (card(application({"contactless": None})), "PPSE_WITHOUT_CONTACTLESS", "chip.directories"),
        (
            card(*(application({"priority": n}, aid=AID + bytes((n,))) for n in range(1, 9))),
            "DIRECTORY_LENGTH", "chip.directories",
        ),
        (card(application(aid=bytes.fromhex("F0434152445702"))), "AID_FAMILY",
         OF_PROFILE + "instance_aid"),
        (card(application(keys=KEYS - {"MK-SMC"})), "KEY_MISSING", OF_PROFILE + "keys"),
        (card(application(derivation="C")), "DERIVATION", OF_PROFILE + "derivation"),
        (card(application({"cryptogram": {"version": 5}})), "DERIVATION",
         OF_PROFILE + "derivation"),
        (card(application({"cryptogram": {"version": 6}}, derivation="B")), "DERIVATION",
         OF_PROFILE + "derivation"),
        (card(application(issuer_key=False)), "ISSUER_KEY_MISSING", OF_PROFILE + "issuer_key"),
        (card(application(pin=False)), "PIN_MISSING", OF_PROFILE + "pin"),
        (card(application(SIGNATURE | {"pin_try_limit": None})), "PIN_UNUSED", OF_PROFILE + "pin"),
        (card(application(), service_code=ServiceCode("101")), "SERVICE_CODE_CHIP",
         OF_PROFILE + "payment.service_code"),
        (card(application(), service_code=ServiceCode("601")), "SERVICE_CODE_USAGE",
         OF_PROFILE + "payment.service_code"),
        (card(application(), service_code=ServiceCode("202")), "SERVICE_CODE_USAGE",
         OF_PROFILE + "payment.service_code"),
        (card(application(), service_code=ServiceCode("203")), "SERVICE_CODE_USAGE",
         OF_PROFILE + "payment.service_code"),
        (card(application({"usage_control": ["domestic_goods", "other_terminals"]})),
         "SERVICE_CODE_USAGE", OF_PROFILE + "payment.service_code"),
        (card(application(SIGNATURE | {"pin_try_limit": None}, pin=False),
              service_code=ServiceCode("220")),
         "SERVICE_CODE_PIN", OF_PROFILE + "payment.service_code"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_contradiction_is_an_error_where_it_is(design: CardDesign, code: str, where: str) -> None:
    assert findings(design) == {(code, where)}


@pytest.mark.parametrize(
    ("code", "changes"),
    [("201", None), ("206", None), ("220", None), ("205", GOODS), ("207", GOODS)],
)
def test_a_service_code_that_agrees(code: str, changes: dict[str, Any] | None) -> None:
    """ISO/IEC 7813, third digit: 5 and 7 allow goods and services alone; 0, 3 and 5 ask a PIN."""
    design = card(application(changes), service_code=ServiceCode(code))
    assert lint_card(design) == []


@pytest.mark.parametrize(
    ("design", "code", "where"),
    [
        (
            card(application(aid=AID + b"\x01"), application(aid=AID + b"\x02")),
            "PRIORITY_TWICE",
            "chip.applications",
        ),
        (
            card(application(NO_AUTHENTICATION), ppse=False),
            "ISSUER_KEY_UNUSED",
            OF_PROFILE + "issuer_key",
        ),
    ],
    ids=["PRIORITY_TWICE", "ISSUER_KEY_UNUSED"],
)
def test_what_may_be_meant_is_a_warning(design: CardDesign, code: str, where: str) -> None:
    assert (code, where) in findings(design, Severity.WARNING)
    assert not findings(design)


def test_a_card_without_directories_is_found_by_name() -> None:
    contacts_only = application({"contactless": None})
    assert lint_card(card(contacts_only, pse=False, ppse=False)) == []
