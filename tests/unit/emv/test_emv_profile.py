from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cardwright.emv.cryptogram import CryptogramVersion, version_of
from cardwright.emv.profile import Interface, Profile, profile_schema
from cardwright.emv.profile_cvm import CvmMethod
from cardwright.emv.profile_parts import Cryptogram
from tests.unit.emv.profile_kit import document, profile


def test_names_become_octets() -> None:
    found = profile()
    assert found.aid == bytes.fromhex("F0434152445701")
    assert found.contact.aip.hex() == "3900"
    assert found.usage_control.hex() == "b380"
    assert found.contact.action_codes.online.hex() == "8c60000000"
    assert found.contact.cdol2.encode().hex().upper().startswith("8A0291089F0206")
    assert found.contact.cvm is not None
    assert found.contact.cvm.encode().hex() == "00001388000000005f06440342031e00"
    assert found.reference == "test-cda/v1"


def test_octets_are_taken_for_names() -> None:
    assert profile({"contact.aip": "3900", "usage_control": "B380"}) == profile()


def test_contactless_is_as_contact_wherever_it_says_nothing() -> None:
    found = profile({"contactless.cdol1": ["9F37"], "contactless.cvm": {"rules": [
        {"method": "no_cvm", "condition": "always"}]}})  # fmt: skip
    contact, other = (found.settings(interface) for interface in Interface)
    assert contact == found.contact
    assert other.cdol2 == contact.cdol2
    assert other.action_codes == contact.action_codes
    assert other.cdol1.tags == (0x9F37,)
    assert other.cvm is not None
    assert other.cvm.methods() == {CvmMethod.NO_CVM}


def test_an_application_with_contacts_alone() -> None:
    found = profile({"contactless": None})
    assert found.interfaces == (Interface.CONTACT,)
    assert found.settings(Interface.CONTACTLESS) == found.contact


@pytest.mark.parametrize(
    ("version", "length", "read"),
    [
        (10, 7, CryptogramVersion.CVN_10),
        (18, 7, CryptogramVersion.CVN_18),
        (5, 32, CryptogramVersion.CCD_5),
        (6, 32, CryptogramVersion.CCD_6),
    ],
)
def test_issuer_application_data_tell_the_version(
    version: Any, length: int, read: CryptogramVersion
) -> None:
    data = Cryptogram(version=version, key_index=7).issuer_application_data()
    assert len(data) == length
    assert 7 in data[1:3]
    assert version_of(data) is read


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"aid": "F0434152"}, "aid"),
        ({"aid": 123}, "aid"),
        ({"aid": "F0" * 17}, "aid"),
        ({"label": ""}, "label"),
        ({"label": "A-B"}, "label"),
        ({"label": "A" * 17}, "label"),
        ({"priority": 16}, "priority"),
        ({"languages": []}, "languages"),
        ({"languages": ["EN"]}, "languages"),
        ({"languages": ["en", "fr", "de", "it", "es"]}, "languages"),
        ({"country": "FRA"}, "country"),
        ({"currency.code": "97"}, "currency.code"),
        ({"currency.exponent": 10}, "currency.exponent"),
        ({"application_version": "00"}, "application_version"),
        ({"usage_control": ["everything"]}, "usage_control"),
        ({"usage_control": "FF"}, "usage_control"),
        ({"contact.aip": [{}]}, "contact.aip"),
        ({"contact.aip": 57}, "contact.aip"),
        ({"contact.cdol1": [95]}, "contact.cdol1"),
        ({"contact.cdol1": ["9F7F"]}, "contact.cdol1"),
        ({"contact.cvm.rules": []}, "contact.cvm"),
        ({"contact.cvm.z": 1}, "contact.cvm.z"),
        ({"contact.cvm.rules": [{"method": "smile", "condition": "always"}]}, "method"),
        ({"contact.cvm.rules": [{"method": "fail", "condition": "always", "then": 1}]}, "then"),
        ({"contact.action_codes.denial": ["rain"]}, "denial"),
        ({"contact.cdol2": None}, "contact.cdol2"),
        ({"authentication.method": "XDA"}, "authentication.method"),
        ({"authentication.icc_bits": 1153}, "icc_bits"),
        ({"authentication.ca_bits": 2048}, "ca_bits"),
        ({"authentication.issuer_exponent": 17}, "issuer_exponent"),
        ({"cryptogram.version": 17}, "cryptogram.version"),
        ({"pin_try_limit": 16}, "pin_try_limit"),
        ({"offline_limits.lower": 256}, "lower"),
        ({"signed": [90]}, "signed"),
        ({"extra": {"9F05": ""}}, "9F05"),
        ({"extra": {"9F7F": "00"}}, "extra"),
        ({"preferred_name": {"text": "水", "code_table": 1}}, "preferred_name"),
        ({"preferred_name": {"text": "A", "code_table": 11}}, "code_table"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_a_file_that_is_no_profile(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate(document(changes))
    faults = [(".".join(map(str, item["loc"])), item["msg"]) for item in caught.value.errors()]
    assert any(where in loc or where in message for loc, message in faults), faults


def test_a_name_in_the_issuers_own_script() -> None:
    found = profile({"preferred_name": {"text": "Дебет", "code_table": 5}})
    assert found.preferred_name is not None
    assert found.preferred_name.encode().hex() == "b4d5d1d5e2"


def test_the_schema_names_every_bit_rule_and_key() -> None:
    schema = profile_schema()
    assert schema["properties"].keys() == Profile.model_fields.keys()
    assert schema["additionalProperties"] is False
    text = str(schema)
    for name in ("relay_resistance", "script_failed_after", "enciphered_pin", "under_x"):
        assert name in text
