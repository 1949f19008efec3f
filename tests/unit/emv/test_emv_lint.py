"""Each way in which a profile contradicts itself, by one change to a sound one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cardwright.emv
from cardwright.emv.lint import Finding, Severity, lint
from cardwright.emv.profile import SIGNED
from tests.unit.emv.profile_kit import ASKED, SOUND, profile

CDA = SOUND["contact"]["aip"]
ONLINE = SOUND["contact"]["action_codes"]["online"]
USAGE = SOUND["usage_control"]
CDOL2 = SOUND["contact"]["cdol2"]
SIGNATURE = {"method": "signature", "condition": "always"}
SDA: dict[str, Any] = {
    "authentication.method": "SDA",
    "authentication.icc_bits": None,
    "contact.aip": ["sda", "cardholder_verification", "terminal_risk_management"],
    "contact.cvm": {"rules": [{"method": "plaintext_pin", "condition": "supported"}]},
    "contact.action_codes.online": [*ONLINE, "sda_failed"],
    "contactless": None,
}
NONE: dict[str, Any] = {
    "authentication": None,
    "contact.aip": ["cardholder_verification", "terminal_risk_management"],
    "contactless.aip": ["cardholder_verification", "terminal_risk_management"],
}


def rules(*found: dict[str, Any], **amounts: int) -> dict[str, Any]:
    return {"contact.cvm": {"rules": list(found), **amounts}, "pin_try_limit": None}


def signing(*tags: str) -> dict[str, Any]:
    return {"signed": [*(f"{tag:X}" for tag in SIGNED), *tags]}


def findings(changes: dict[str, Any], severity: Severity = Severity.ERROR) -> set[tuple[str, str]]:
    found = lint(profile(changes))
    return {(item.code, item.where) for item in found if item.severity is severity}


def test_a_sound_profile_has_no_findings() -> None:
    assert lint(profile()) == []


AUTHENTICATION = [
    ({"contact.aip": [*CDA, "emv_mode"]}, "AIP_RESERVED", "contact.aip"),
    ({"contact.aip": "3901"}, "AIP_RESERVED", "contact.aip"),
    ({"contactless.aip": "3940"}, None, None),
    ({"contactless.aip": "3902"}, "AIP_RESERVED", "contactless.aip"),
    ({"contact.aip": [*CDA, "xda"]}, "AIP_UNSUPPORTED", "contact.aip"),
    (
        {"authentication.icc_bits": None, "authentication.pin_bits": 1152},
        "AIP_WITHOUT_ICC_KEY",
        "contact.aip",
    ),
    ({"authentication.method": "DDA", "contactless": None}, "AIP_EXCEEDS_METHOD", "contact.aip"),
    (
        {"contact.aip": NONE["contact.aip"], "contactless": None},
        "METHOD_NOT_IN_AIP",
        "authentication.method",
    ),
    ({"contact.aip": NONE["contact.aip"]}, "CONTACTLESS_STRONGER", "contactless.aip"),
    ({"authentication.ddol": ["9A"]}, "DDOL_LACKS", "authentication.ddol"),
    ({"authentication.ddol": []}, None, None),
    ({"authentication.ca_bits": 1400}, "MODULUS_ORDER",
     "authentication"),
    ({"authentication.icc_bits": 1416}, "MODULUS_ORDER", "authentication"),
    ({"authentication.pin_bits": 1416}, "MODULUS_ORDER", "authentication"),
    (
        {"authentication.issuer_bits": 1976, "authentication.icc_bits": 1848},
        "MODULUS_LENGTH",
        "authentication.icc_bits",
    ),
    ({"authentication.issuer_bits": 1976, "authentication.icc_bits": 1840}, None, None),
    (signing("9F36"), "SIGNED_CHANGING", "signed"),
    (signing("9F13"), "SIGNED_CHANGING", "signed"),
    (signing("9F46"), "SIGNED_CERTIFICATE", "signed"),
    (signing("50"), "SIGNED_NOT_IN_RECORD", "signed"),
]  # fmt: skip

CARDHOLDER = [
    ({"contact.cvm": None}, "CVM_MISSING", "contact.cvm"),
    (
        {"contact.aip": ["dda", "terminal_risk_management", "cda"]},
        "CVM_NOT_IN_AIP",
        "contact.cvm",
    ),
    (
        rules({"method": "signature", "condition": "over_y"}),
        "CVM_AMOUNT",
        "contact.cvm.y",
    ),
    (
        rules({"method": "signature", "condition": "under_x"}),
        "CVM_AMOUNT",
        "contact.cvm.x",
    ),
    ({"pin_try_limit": None}, "PIN_MISSING", "contact.cvm"),
    (SDA | {
        "contact.cvm": {"rules": [{"method": "enciphered_pin", "condition": "supported"}]},
    }, "PIN_KEY_MISSING", "contact.cvm"),
    (SDA | {
        "contact.cvm": {"rules": [{"method": "enciphered_pin", "condition": "supported"}]},
        "authentication.pin_bits": 1152,
    }, None, None),
]  # fmt: skip

LISTS = [
    *(
        ({"contact.cdol1": [*(t for t in ASKED if t != lost), "9F34"]}, "CDOL1_LACKS",
         "contact.cdol1")
        for lost in ASKED
    ),
    ({"contactless.cdol1": ["9F37", "9F34"]}, "CDOL1_LACKS", "contactless.cdol1"),
    ({"contact.cdol2": ["8A", "91:8"]}, "CDOL2_LACKS", "contact.cdol2"),
    ({"contact.aip": [*CDA, "issuer_authentication"]}, "ISSUER_AUTHENTICATION_TWICE",
     "contact.cdol2"),
    ({"contact.cdol2": [*CDOL2, "8A"]}, "DOL_TWICE", "contact.cdol2"),
    ({"contact.cdol2": [*CDOL2, "9F4E:210"]}, None, None),
    ({"contact.cdol2": [*CDOL2, "9F4E:217"]}, "DOL_LENGTH", "contact.cdol2"),
    ({"contact.cdol2": [*CDOL2, "BF0C:2"]}, "DOL_TEMPLATE", "contact.cdol2"),
    ({"contact.pdol": ["9F4E:252"]}, None, None),
    ({"contact.pdol": ["9F4E:253"]}, "DOL_LENGTH", "contact.pdol"),
    ({"contact.pdol": ["5A:8"]}, "PDOL_SOURCE", "contact.pdol"),
    ({"authentication.ddol": ["9F37", "9F37"]}, "DOL_TWICE", "authentication.ddol"),
]  # fmt: skip

RESTRICTIONS = [
    ({"usage_control": "FF01"}, "USAGE_RESERVED", "usage_control"),
    ({"usage_control": ["domestic_goods"]}, "USAGE_NOWHERE", "usage_control"),
    ({"usage_control": [*USAGE, "international_cashback"]}, None, None),
    ({"usage_control": ["domestic_goods", "other_terminals", "international_cashback"]},
     "USAGE_CASHBACK", "usage_control"),
    ({"usage_control": ["other_terminals"]}, "USAGE_NOTHING", "usage_control"),
    ({"contact.action_codes.default": "0000000008"}, "ACTION_RESERVED",
     "contact.action_codes.default"),
    ({"contact.action_codes.denial": ["expired"]}, "ACTION_DENIED_FIRST",
     "contact.action_codes.denial"),
    (
        NONE | {"contact.action_codes": {
            "denial": ["offline_data_authentication_not_performed"],
            "online": ["expired", "not_yet_effective"], "default": [],
        }, "contact.cvm": {"rules": [SIGNATURE]}, "pin_try_limit": None},
        "ACTION_DENIES_ALL", "contact.action_codes.denial",
    ),
    ({"contact.action_codes.denial": ["new_card"]}, "ACTION_DENIES_ALL",
     "contact.action_codes.denial"),
    ({"offline_limits": {"lower": 6, "upper": 5}}, "OFFLINE_LIMITS", "offline_limits"),
    ({"extra": {"5F28": "0372"}}, "EXTRA_TWICE", "extra"),
    ({"extra": {"4F": "F043415244"}}, "EXTRA_NOT_IN_RECORD", "extra"),
    ({"discretionary": {"9F05": "00"}}, "DISCRETIONARY_TAG", "discretionary"),
    ({"discretionary": {"9F4D": "0B0A"}}, None, None),
    ({"currency": {"code": "392", "exponent": 2}}, "CURRENCY_EXPONENT", "currency.exponent"),
    ({"currency": {"code": "392", "exponent": 0}}, None, None),
    ({"currency": {"code": "048", "exponent": 3}}, None, None),
    ({"languages": ["en", "en"]}, "LANGUAGE_TWICE", "languages"),
    ({"extra": {"9F1F": "40" * 252}}, "RECORD_LENGTH", "records"),
    ({"records": [{"file": 4, "number": 1, "tags": ["9F05"]}]}, "RECORD_LAYOUT", "records"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [*AUTHENTICATION, *CARDHOLDER, *LISTS, *RESTRICTIONS],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_contradiction_is_an_error_where_it_is(
    changes: dict[str, Any], code: str | None, where: str | None
) -> None:
    found = findings(changes)
    assert found == set() if code is None else (code, where) in found
    assert {finding[0] for finding in found} <= {code}, "the one change has the one fault"


def test_a_certificate_longer_than_a_record_is_named_by_cause_and_effect() -> None:
    assert findings({"authentication.issuer_bits": 1984}) == {
        ("MODULUS_LENGTH", "authentication.issuer_bits"),
        ("RECORD_LENGTH", "records"),
    }


def test_keys_for_static_signatures_serve_no_dynamic_ones() -> None:
    assert findings({"authentication.method": "SDA"}) == {
        ("METHOD_NOT_IN_AIP", "authentication.method"),
        ("AIP_WITHOUT_ICC_KEY", "contact.aip"),
        ("AIP_WITHOUT_ICC_KEY", "contactless.aip"),
    }


def test_a_promise_without_any_keys_is_an_error_on_both_interfaces() -> None:
    found = findings({"authentication": None})
    assert {("AIP_WITHOUT_KEYS", "contact.aip"), ("AIP_WITHOUT_KEYS", "contactless.aip")} < found


WARNINGS = [
    (SDA, "SDA_COPIES", "authentication.method"),
    ({"signed": ["5A", "5F24"]}, "SIGNED_LACKS", "signed"),
    ({"authentication.sign_aip": False}, "AIP_UNSIGNED", "authentication.sign_aip"),
    (rules(SIGNATURE) | {"pin_try_limit": 3}, "PIN_UNUSED", "pin_try_limit"),
    (rules(SIGNATURE, x=1), "CVM_AMOUNT", "contact.cvm.x"),
    (rules(SIGNATURE, SIGNATURE), "CVM_UNREACHABLE", "contact.cvm.rules"),
    (
        rules({"method": "fail", "condition": "manual_cash", "then_next": True}, SIGNATURE),
        "CVM_FAIL_CONTINUES",
        "contact.cvm.rules",
    ),
    (rules(SIGNATURE | {"then_next": True}), "CVM_LAST_CONTINUES", "contact.cvm.rules"),
    ({"contact.cdol1": ASKED}, "CDOL1_WITHOUT_CVM_RESULTS", "contact.cdol1"),
    ({"contact.cdol2": ["91:8", *ASKED]}, "CDOL2_LACKS", "contact.cdol2"),
    ({"contact.cdol2": ["8A", *ASKED]}, "ISSUER_AUTHENTICATION_MISSING", "contact.cdol2"),
    ({"contact.cdol1": [*ASKED, "9F34", "5A:8"]}, "DOL_OWN_DATA", "contact.cdol1"),
    ({"contact.cdol1": [*ASKED, "9F34", "9F33:4"]}, "DOL_ENTRY_LENGTH", "contact.cdol1"),
    (
        {"usage_control": ["domestic_goods", "atm", "other_terminals"]},
        "USAGE_ATM",
        "usage_control",
    ),
    ({"usage_control": ["domestic_goods", "domestic_cash", "atm"]}, "USAGE_ATM", "usage_control"),
    (
        {"contact.action_codes.online": ["dda_failed", "cda_failed"]},
        "ACTION_IGNORES_DATES",
        "contact.action_codes.online",
    ),
    (
        {"contact.action_codes.online": ["expired", "not_yet_effective", "dda_failed"]},
        "ACTION_IGNORES_AUTHENTICATION",
        "contact.action_codes.online",
    ),
    (
        {"contact.aip": ["dda", "cardholder_verification", "cda"]},
        "OFFLINE_LIMITS",
        "offline_limits",
    ),
]


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    WARNINGS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_may_be_meant_is_a_warning(changes: dict[str, Any], code: str, where: str) -> None:
    assert (code, where) in findings(changes, Severity.WARNING)
    assert not findings(changes)


def test_contactless_is_looked_at_for_itself() -> None:
    found = findings({"contactless.cvm": {"rules": [SIGNATURE]}, "contactless.aip": ["cda"]})
    assert found == {("CVM_NOT_IN_AIP", "contactless.cvm")}


def test_a_finding_prints_all_it_knows() -> None:
    finding = Finding("CODE", "What happened", "contact.aip")
    assert str(finding) == "error CODE at contact.aip: What happened"


def test_each_code_is_documented() -> None:
    root = Path(__file__).parents[3]
    pages = (root / "docs/emv-profiles.md").read_text(encoding="utf-8")
    sources = [*(Path(p) for p in cardwright.emv.__path__), root / "services/dataprep/domain"]
    text = "".join(
        file.read_text(encoding="utf-8")
        for folder in sources
        for file in sorted((*folder.glob("lint*.py"), *folder.glob("design.py")))
    )
    codes = set(re.findall(r'(?:error|warning)\(\s*"([A-Z_0-9]+)"', text))
    listed = set(re.findall(r"^\| `([A-Z_0-9]+)`", pages, re.MULTILINE))
    assert len(codes) > 60
    assert listed == codes | {"DIRECTORY_LENGTH", "RECORD_LAYOUT", "RECORD_LENGTH"}
