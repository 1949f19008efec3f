"""Profiles to test with: one that is sound, changes to it, and any that are sound."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from hypothesis import strategies as st

from cardwright.emv.card_values import CardValues
from cardwright.emv.profile import Profile
from cardwright.emv.profile_bits import TVR
from cardwright.emv.profile_cvm import Condition, CvmMethod
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry, ServiceCode
from cardwright.secret import SecretText

ASKED = ["9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37"]

SOUND: dict[str, Any] = {
    "name": "test-cda",
    "version": 1,
    "aid": "F0434152445701",
    "label": "TEST DEBIT",
    "languages": ["en", "fr"],
    "country": "372",
    "currency": {"code": "978", "exponent": 2},
    "application_version": "0001",
    "usage_control": ["domestic_goods", "international_goods", "domestic_cash", "atm",
                      "other_terminals", "domestic_cashback"],
    "offline_limits": {"lower": 3, "upper": 5},
    "pin_try_limit": 3,
    "cryptogram": {"version": 18},
    "authentication": {"method": "CDA", "ca_key_index": "F1", "ca_bits": 1984,
                       "issuer_bits": 1408, "icc_bits": 1152},
    "contact": {
        "aip": ["dda", "cardholder_verification", "terminal_risk_management", "cda"],
        "cvm": {
            "x": 5000,
            "rules": [
                {"method": "no_cvm", "condition": "under_x", "then_next": True},
                {"method": "enciphered_pin", "condition": "supported", "then_next": True},
                {"method": "online_pin", "condition": "supported", "then_next": True},
                {"method": "signature", "condition": "always"},
            ],
        },
        "action_codes": {
            "denial": [],
            "online": ["offline_data_authentication_not_performed", "dda_failed", "cda_failed",
                       "expired", "not_yet_effective"],
            "default": ["offline_data_authentication_not_performed", "dda_failed", "cda_failed"],
        },
        "cdol1": [*ASKED, "9F34"],
        "cdol2": ["8A", "91:8", *ASKED],
    },
    "contactless": {
        "kernel": 2,
        "aip": ["dda", "cardholder_verification", "terminal_risk_management", "cda"],
    },
}  # fmt: skip

CARD = CardValues(
    pan=Pan("4111111111111111"),
    psn="01",
    expiry=Expiry(2029, 2),
    effective=dt.date(2026, 3, 1),
    service_code=ServiceCode("201"),
    track2_discretionary=SecretText("1234500321"),
    stripe_name=SecretText("GARCIA/MARIA"),
)


def document(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The sound profile's file with dotted keys set, or taken out where the value is None."""
    found = copy.deepcopy(SOUND)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return found


def profile(changes: dict[str, Any] | None = None) -> Profile:
    return Profile.model_validate(document(changes))


_names = st.sets(st.sampled_from(sorted(TVR.masks)), max_size=12).map(sorted)
_rules = st.fixed_dictionaries(
    {
        "method": st.sampled_from([method.value for method in CvmMethod]),
        "condition": st.sampled_from([condition.value for condition in Condition]),
        "then_next": st.booleans(),
    }
)
_cvm = st.fixed_dictionaries(
    {
        "rules": st.lists(_rules, min_size=1, max_size=20),
        "x": st.integers(1, 0xFFFFFFFF),
        "y": st.integers(1, 0xFFFFFFFF),
    }
)
_codes = st.fixed_dictionaries({"denial": st.just([]), "online": _names, "default": _names})
_dol = st.lists(st.sampled_from([*ASKED, "9F35", "9F34", "9F1D:8", "9F4E:20"]), max_size=12)
_aip = st.sets(st.sampled_from(["dda", "cda", "cardholder_verification"])).map(
    lambda names: sorted({*names, "cda", "terminal_risk_management"})
)
_settings = {"aip": _aip, "cvm": _cvm, "action_codes": _codes, "cdol1": _dol, "cdol2": _dol}


@st.composite
def _authentications(draw: st.DrawFn) -> dict[str, Any]:
    ca = draw(st.integers(96, 248))
    issuer = draw(st.integers(96, min(ca, 247)))
    icc = draw(st.integers(96, min(issuer, 230)))
    return {
        "method": "CDA",
        "ca_key_index": "01",
        "ca_bits": 8 * ca,
        "issuer_bits": 8 * issuer,
        "icc_bits": 8 * icc,
        "pin_bits": draw(st.sampled_from([None, 8 * icc])),
        "issuer_exponent": draw(st.sampled_from([3, 65537])),
        "icc_exponent": draw(st.sampled_from([3, 65537])),
        "sign_aip": draw(st.booleans()),
        "ddol": draw(st.sampled_from([[], ["9F37"], ["9F37", "9A"]])),
    }


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Any profile whose data objects fit into records: with keys and without, of both kinds."""
    found = document({"contact": draw(st.fixed_dictionaries(_settings))})
    others = {name: values for name, values in _settings.items() if name != "aip"}
    found["contactless"] = draw(st.none() | st.fixed_dictionaries({"aip": _aip}, optional=others))
    found["authentication"] = draw(st.none() | _authentications())
    found["offline_limits"] = draw(st.sampled_from([None, {"lower": 1, "upper": 2}]))
    found["extra"] = draw(
        st.dictionaries(st.sampled_from(["9F05", "9F3B", "9F1F"]), st.just("4040"), max_size=3)
    )
    return Profile.model_validate(found)
